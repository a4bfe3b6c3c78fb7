/** What the world still knows after a death: the counter of a real group, a real report of Node.js. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import {
  gatherEvidence,
  investigate,
  openKillCounter,
  reportOnce,
  type FatalReport,
} from '../../../agent/postmortem/index.ts';
import type { RingReading } from '../../../agent/record/reader.ts';
import { createMemoryGroup, whyNoMemoryGroups, type MemoryGroup } from '../../helpers/memory-group.ts';
import { record, recorderOptions, temporaryDirectory } from '../record/ring-fixture.ts';
import { found, LAST_MS, MIB } from './found-death.ts';

type Facts = RingReading['header']['facts'];

function factsOf({ path, version }: MemoryGroup): Facts {
  return {
    'cgroup.version': `v${version}`,
    'cgroup.ownPath': path,
    'cgroup.ownInode': statSync(path, { bigint: true }).ino.toString(),
    'cgroup.ownOomKills': 0,
  };
}

/** Its last record says that nobody had been killed. */
function readingWith(facts: Facts): RingReading {
  const { reading } = found({ last: { cgroupOwnOomKills: 0 } });
  return { ...reading, header: { ...reading.header, facts } };
}

/** Fills the group until the kernel kills who does. */
function killOne({ enter }: MemoryGroup): void {
  const { signal, status } = spawnSync('/bin/sh', ['-c', `${enter}; exec tail /dev/zero`]);
  assert.ok(signal === 'SIGKILL' || status === 137, `${signal} ${status}`);
}

describe('the counter of a group', { skip: whyNoMemoryGroups() ?? false }, () => {
  test('tells who was killed, alone and among others', (context) => {
    const directory = temporaryDirectory(context);
    const group = createMemoryGroup(16 * MIB);
    context.after(() => group.remove());
    const facts = factsOf(group);
    const reading = readingWith(facts);
    const held = openKillCounter(reading.header);
    assert.equal(held?.read(), 0);
    killOne(group);
    assert.equal(held?.read(), 1, 'as it was opened before');
    held?.close();
    const scene = { reading, directory, nowMs: LAST_MS + 10_000 };
    assert.equal(gatherEvidence(scene).oomKillsAfter, 1, 'as it is found afterwards');

    // somebody else of the group died since, and nobody knows whom the kernel meant
    const { identity } = recorderOptions(directory);
    const other = record(directory, { facts, identity: { ...identity, startWallMs: LAST_MS - 5000 } });
    utimesSync(other.path, LAST_MS / 1000, LAST_MS / 1000);
    assert.equal(gatherEvidence(scene).oomKillsAfter, undefined);
    other.end(0, LAST_MS);
    utimesSync(other.path, LAST_MS / 1000, LAST_MS / 1000);
    assert.equal(gatherEvidence(scene).oomKillsAfter, 1, 'one who ended well was not killed');

    // it was told already whom the kernel meant
    const told = { ...investigate(found({})), instance: other.instanceId, cause: 'kernel_oom' } as const;
    reportOnce(directory, told);
    assert.equal(gatherEvidence(scene).oomKillsAfter, undefined);
    killOne(group);
    assert.equal(gatherEvidence(scene).oomKillsAfter, 2);

    // who was started since found the counter elsewhere
    const started = record(directory, { facts, identity: { ...identity, startWallMs: LAST_MS + 1000 } });
    assert.equal(gatherEvidence(scene).oomKillsAfter, undefined);
    started.discard();
  });

  test('is not that of a later group of the same path', (context) => {
    const group = createMemoryGroup(16 * MIB);
    context.after(() => group.remove());
    const { header } = readingWith({ ...factsOf(group), 'cgroup.ownInode': '1' });
    assert.equal(openKillCounter(header), undefined);
    assert.equal(openKillCounter(readingWith({}).header), undefined);
  });

  test('is gone with its group', () => {
    const group = createMemoryGroup(16 * MIB);
    const counter = openKillCounter(readingWith(factsOf(group)).header);
    group.remove();
    assert.equal(counter?.read(), undefined);
    counter?.close();
  });
});

describe('a report that the application asked for', () => {
  const program = `
    process.report.reportOnFatalError = true; process.report.directory = process.argv[1];
    require('fs').writeSync(1, String(process.pid)); const kept = []; for (;;) kept.push({ a: [kept.length] });`;

  test('is found by pid and time, whatever its name, and only its first page is read', (context) => {
    const directory = temporaryDirectory(context);
    const startMs = Date.now();
    const args = ['--max-old-space-size=20', '-e', program, directory];
    const { stdout } = spawnSync(process.execPath, args, { env: { SECRET: 'hunter2' }, encoding: 'utf8' });
    const pid = Number(stdout);
    const evidence = (ofPid: number, atMs: number, file = ''): FatalReport | undefined => {
      const { reading } = found({ rows: [] });
      const identity = { ...reading.header.identity, pid: ofPid, startWallMs: atMs };
      const facts = { 'process.fatalReportDirectory': directory, 'process.fatalReportFile': file };
      const dead = { ...reading, header: { ...reading.header, identity, facts } };
      return gatherEvidence({ reading: dead, directory, nowMs: Date.now() }).fatalReport;
    };
    const report = evidence(pid, startMs);
    assert.equal(report?.trigger, 'OOMError', JSON.stringify(report));
    assert.match(report.event, /heap out of memory/);
    assert.equal(evidence(pid + 1, startMs), undefined, 'of another process');
    assert.equal(evidence(pid, Date.now() + 60_000), undefined, 'of an earlier one with that number');
    // what follows after the first page, the environment among it, may be anything
    const text = readFileSync(report.path, 'utf8');
    writeFileSync(report.path, `${text.slice(0, 4096)}\u0000 no JSON`);
    assert.deepEqual(evidence(pid, startMs), report);
    const named = join(directory, 'mine.json');
    renameSync(report.path, named);
    assert.deepEqual(evidence(pid, startMs, 'mine.json'), { ...report, path: named });
    assert.equal(evidence(pid, startMs), undefined);
  });
});
