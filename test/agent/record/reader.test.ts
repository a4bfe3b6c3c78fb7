/** What the reader says about files that are no ring files, or that somebody made to look like one. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createCrc32 } from '../../../agent/record/crc32.ts';
import { decodeDescription, encodeDescription } from '../../../agent/record/description.ts';
import { createBlock } from '../../../agent/record/layout.ts';
import { withRing } from '../../../agent/record/open-ring.ts';
import { readLatest, readRing } from '../../../agent/record/reader.ts';
import { onWindows, unlessLinux } from '../../helpers/platform.ts';
import { readable, record, recorderOptions, temporaryDirectory, unreadableReason } from './ring-fixture.ts';

const READER = new URL('../../../agent/record/reader.ts', import.meta.url).href;

describe('the reader refuses with one line', () => {
  test('a file that is missing', (context) => {
    const path = join(temporaryDirectory(context), 'none.ring');
    assert.match(unreadableReason(readRing(path)), /none\.ring cannot be read \(ENOENT/);
    assert.match(unreadableReason(readLatest(path)), /ENOENT/);
  });

  test('a folder', (context) => {
    assert.match(unreadableReason(readRing(temporaryDirectory(context))), /is not a file/);
  });

  test('a pipe, without waiting for somebody to write into it', { skip: onWindows('mkfifo') }, (context) => {
    const path = join(temporaryDirectory(context), 'pipe.ring');
    execFileSync('mkfifo', [path]);
    assert.match(unreadableReason(readRing(path)), /is not a file/);
  });

  test('an empty file', (context) => {
    const path = join(temporaryDirectory(context), 'empty.ring');
    writeFileSync(path, '');
    assert.match(unreadableReason(readRing(path)), /is too short for a header \(0 bytes\)/);
  });

  test('a file of something else', (context) => {
    const path = join(temporaryDirectory(context), 'text.ring');
    writeFileSync(path, 'PLIMSOUL'.repeat(1000));
    assert.match(unreadableReason(readRing(path)), /does not begin like one/);
  });

  test('a file whose reading fails', { skip: unlessLinux('/proc') }, () => {
    // address 0 of the process's memory: a regular file that gives EIO
    assert.match(unreadableReason(readRing('/proc/self/mem')), /cannot be read \(EIO/);
  });

  test('a file that fails while it is read', (context) => {
    const recorder = record(temporaryDirectory(context));
    recorder.close();
    const fails = (): never => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    };
    assert.match(unreadableReason(withRing(recorder.path, fails)), /cannot be read \(EIO/);
  });

  test('a file that it may not read', { skip: process.getuid === undefined ? 'needs user ids' : false }, (context) => {
    const directory = temporaryDirectory(context);
    const path = join(directory, 'private.ring');
    writeFileSync(path, 'x');
    chmodSync(directory, 0o755);
    chmodSync(path, 0o000);
    const script = `import(${JSON.stringify(READER)}).then(({ readRing }) => console.log(readRing(${JSON.stringify(path)}).problem.message))`;
    // root may read everything
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const child = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', ...user });
    assert.match(child.stdout, /private\.ring cannot be read \(EACCES/, child.stderr);
  });
});

describe('a header', () => {
  /** A whole ring file whose header words and JSON were changed, with a checksum that is right. */
  function forged(
    context: Parameters<typeof temporaryDirectory>[0],
    change: (words: Uint32Array) => void,
    json?: string,
  ): string {
    const recorder = record(temporaryDirectory(context), { columns: ['level'], capacity: 3 });
    recorder.write(Float64Array.of(1));
    recorder.close();
    const file = readFileSync(recorder.path);
    const header = createBlock(4096);
    header.bytes.set(file.subarray(0, 4096));
    if (json !== undefined) {
      header.bytes.fill(0, 64);
      header.bytes.set(Buffer.from(json), 64);
      header.words[8] = Buffer.byteLength(json);
    }
    change(header.words);
    header.words[1023] = createCrc32()(header.words, 0, 1023);
    file.set(header.bytes);
    writeFileSync(recorder.path, file);
    return recorder.path;
  }
  const unchanged = (): void => undefined;

  test('that nobody changed is accepted by this test too', (context) => {
    assert.equal(readable(readRing(forged(context, unchanged))).records.length, 1);
  });

  test('of a later format says which version was found and which can be read', (context) => {
    const path = forged(context, (words) => (words[2] = 2));
    assert.match(unreadableReason(readRing(path)), /has format version 2, this Plimsoll reads version 1/);
  });

  for (const [what, change] of Object.entries<(words: Uint32Array) => void>({
    'that claims to be longer than the file': (words) => (words[3] = 1 << 20),
    'that claims to be no whole pages': (words) => (words[3] = 4095),
    'that claims to have no length': (words) => (words[3] = 0),
    'whose JSON would not fit': (words) => (words[8] = 4096),
    'whose records do not have the size of their columns': (words) => (words[4] = 24),
    'that would need more memory than a ring file has': (words) => (words[5] = 0xffffffff),
  })) {
    test(`${what} is damaged`, (context) => {
      assert.match(unreadableReason(readRing(forged(context, change))), /has a damaged header/);
    });
  }

  test('with one flipped bit is damaged', (context) => {
    const path = forged(context, unchanged);
    const bytes = readFileSync(path);
    bytes[4000] = 1;
    writeFileSync(path, bytes);
    assert.match(unreadableReason(readRing(path)), /has a damaged header/);
  });

  for (const json of ['', '{', '7', 'null', '{}', '{"columns":"level"}', '{"columns":["level",7]}']) {
    test(`whose JSON is ${json === '' ? 'empty' : json} is damaged`, (context) => {
      assert.match(unreadableReason(readRing(forged(context, unchanged, json))), /has a damaged header/);
    });
  }

  test('that promises a room of zero records holds none', (context) => {
    const { records, missing } = readable(readRing(forged(context, (words) => (words[5] = 0))));
    assert.deepEqual([records, missing], [[], 0]);
  });

  test('that promises more records than the file has room for costs no more memory than the file', (context) => {
    const path = forged(context, (words) => (words[5] = 2_000_000));
    truncateSync(path, 8192 + 32);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(readable(readRing(path)).records.length, 1);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
  });

  test('of a process that knew less, or lied, is decoded to what can be believed', (context) => {
    const json = JSON.stringify({
      columns: ['level'],
      identity: { serviceName: 7, mode: 'hover', resource: { a: 'b', c: 1 }, heapFlags: 'x', pid: 'one' },
      facts: { good: 1, list: [], text: 'x', flag: false, none: null },
      policy: { thresholds: 7 },
    });
    const { header } = readable(readRing(forged(context, unchanged, json)));
    const { serviceName, mode, resource, heapFlags, pid, startWallMs } = header.identity;
    assert.deepEqual(
      { serviceName, mode, resource, heapFlags, pid, startWallMs },
      { serviceName: '', mode: 'hover', resource: { a: 'b' }, heapFlags: [], pid: Number.NaN, startWallMs: Number.NaN },
    );
    assert.deepEqual(header.facts, { good: 1, text: 'x', flag: false });
    assert.equal(header.policy, undefined);
    assert.equal(header.omitted, Number.NaN);
  });
});

describe('a policy', () => {
  const { identity, facts, policy } = recorderOptions('/nowhere');
  const description = {
    columns: [],
    identity: { ...identity, serviceInstanceId: 'x' },
    facts,
    policy,
    noteSlotBytes: 0,
  };
  const stored = encodeDescription(description, 4096).toString();

  test('keeps the levels that are off', () => {
    assert.deepEqual(decodeDescription(stored)?.policy, policy);
  });

  for (const [from, to] of [
    ['"enter":[null,0.8,0.9]', '"enter":[0.8,0.9]'],
    ['"exit":[null,0.75,0.85]', '"exit":[null,"0.75",0.85]'],
    ['"exit":[0.75,0.95,1.05]', '"exit":{}'],
    ['"confirmSamples":2', '"confirmSamples":"2"'],
    ['"dwellMs":5000', '"dwellMs":null'],
    ['"coolDownMs":10000', '"coolDown":10000'],
  ] as const) {
    test(`with ${to} is none`, () => {
      const changed = stored.replace(from, to);
      assert.notEqual(changed, stored);
      assert.equal(decodeDescription(changed)?.policy, undefined);
    });
  }
});
