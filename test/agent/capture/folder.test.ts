/** Captures on a real disk: whole or not there, inside the quota, and nothing removed that is not a capture. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { createCaptureFolder, type CaptureFolder } from '../../../agent/capture/folder.ts';

const MIB = 2 ** 20;
const AT_MS = Date.UTC(2026, 10, 22, 10, 15, 0, 123);
const INSTANCE = '20261122T100000000Z-0123456789abcdef';
const NEVER = new AbortController().signal;

interface Opened {
  readonly directory: string;
  readonly captures: CaptureFolder;
  readonly written: string[];
  path(name: string): string;
  names(): string[];
}

function opened(t: TestContext, quotaBytes = MIB, directory = mkdtempSync(join(tmpdir(), 'captures-'))): Opened {
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const written: string[] = [];
  const captures = createCaptureFolder({
    directory,
    quotaBytes,
    wallMs: () => AT_MS,
    onWritten: (kind, path, bytes) => written.push(`${kind} ${path} ${bytes}`),
  });
  const path = (name: string): string => join(directory, 'captures', name);
  return { directory, captures, written, path, names: () => readdirSync(join(directory, 'captures')).toSorted() };
}

test('a file is there under its name, for its owner only, and told', async (t) => {
  const { captures, written, path, names } = opened(t);
  const name = `capture-20261122T101500123Z-${INSTANCE}.report.json`;
  assert.deepEqual(await captures.write('report', INSTANCE, '{"a":"ü"}', NEVER), { path: path(name), bytes: 10 });
  assert.deepEqual(names(), [name]);
  assert.equal(statSync(path(name)).mode & 0o777, 0o600);
  assert.equal(statSync(path('')).mode & 0o777, 0o700);
  assert.deepEqual(written, [`report ${path(name)} 10`]);
});

test('the oldest captures of any kind give way to the quota; what is no capture stays', async (t) => {
  const { captures, path, names } = opened(t);
  mkdirSync(path(''), { recursive: true });
  const held = [
    'capture-20261120T000000000Z-other.heapsnapshot',
    'capture-20261121T000000000Z-other.report.json',
    'capture-20261122T000000000Z-other.heapprofile',
  ];
  for (const name of held) writeFileSync(path(name), Buffer.alloc(400_000));
  writeFileSync(path('notes.txt'), Buffer.alloc(3 * MIB));
  mkdirSync(path('capture-20261101T000000000Z-folder.report.json'));
  assert.equal(typeof (await captures.write('report', INSTANCE, 'x'.repeat(300_000), NEVER)), 'object');
  assert.deepEqual(names(), [
    'capture-20261101T000000000Z-folder.report.json',
    held[2],
    `capture-20261122T101500123Z-${INSTANCE}.report.json`,
    'notes.txt',
  ]);
});

test('what is larger than the quota is not written, and takes nothing away', async (t) => {
  const { captures, path, names } = opened(t);
  mkdirSync(path(''), { recursive: true });
  writeFileSync(path('capture-20261122T000000000Z-other.heapprofile'), Buffer.alloc(1000));
  const refused = await captures.write('snapshot', INSTANCE, 'x'.repeat(MIB + 1), NEVER);
  assert.equal(refused, 'it would take 1.0 MiB, PLIMSOLL_CAPTURE_QUOTA is 1.0 MiB');
  assert.equal(names().length, 1);
});

test('what would take more than a tenth of what is free is not written', async (t) => {
  const { captures, path, names } = opened(t, 1e18);
  const refused = await captures.reserve('snapshot', INSTANCE, 1e17);
  assert.ok(
    typeof refused === 'string' && refused.includes(`more than a tenth of what is free at ${path('').slice(0, -1)}`),
  );
  assert.deepEqual(names(), []);
});

test('what a killed process left half-written goes after an hour, not before', async (t) => {
  const { captures, path, names } = opened(t);
  mkdirSync(path(''), { recursive: true });
  for (const [name, ageMs] of [
    ['capture-20261122T080000000Z-dead.report.json.part', 3_700_000],
    ['capture-20261122T100000000Z-other.report.json.part', 60_000],
  ] as const) {
    writeFileSync(path(name), 'x');
    utimesSync(path(name), new Date(AT_MS - ageMs), new Date(AT_MS - ageMs));
  }
  await captures.write('report', INSTANCE, 'x', NEVER);
  assert.deepEqual(names(), [
    'capture-20261122T100000000Z-other.report.json.part',
    `capture-20261122T101500123Z-${INSTANCE}.report.json`,
  ]);
});

test('a write that is aborted leaves nothing behind', async (t) => {
  const { captures, written, names } = opened(t);
  await assert.rejects(captures.write('report', INSTANCE, 'x', AbortSignal.abort()), /abort/i);
  assert.deepEqual(names(), []);
  assert.deepEqual(written, []);
});

test('a link that somebody laid where the file is to be is not followed', async (t) => {
  const { directory, captures, path } = opened(t);
  mkdirSync(path(''), { recursive: true });
  const target = join(directory, 'target');
  symlinkSync(target, path(`capture-20261122T101500123Z-${INSTANCE}.report.json.part`));
  await assert.rejects(captures.write('report', INSTANCE, 'x', NEVER), /EEXIST/);
  assert.equal(existsSync(target), false);
});

test('a folder that cannot be made says so', async (t) => {
  const { directory } = opened(t);
  writeFileSync(join(directory, 'file'), '');
  const { captures } = opened(t, MIB, join(directory, 'file'));
  await assert.rejects(captures.write('report', INSTANCE, 'x', NEVER), /ENOTDIR/);
});
