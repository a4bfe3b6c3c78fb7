/**
 * What recording costs: loading the module, opening a ring file, one record (µs, garbage), one note, reading it back, following it, and the look at
 * the folder at the start.
 * `node test/bench/record.ts`; each line says its unit. TMPDIR chooses the disk.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { createNoting } from '../../agent/noting.ts';
import { createRow } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { admitRing } from '../../agent/record/admit.ts';
import { followRing } from '../../agent/record/follow.ts';
import { readLatest, readRing } from '../../agent/record/reader.ts';
import type { RecorderOptions } from '../../agent/record/create.ts';
import { createRecorder, type Recorder } from '../../agent/record/writer.ts';
import { cacheStatus, ordinarySnapshot } from '../helpers/snapshot.ts';

const STARTS = 21;
const ROUNDS = 200;
const CALLS = 1000;

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-record-'));
try {
  start();
  write();
  note();
  read();
  follow();
  admit();
} finally {
  rmSync(directory, { recursive: true });
}

function options(): RecorderOptions {
  const identity = {
    serviceName: 'bench',
    process: 'main',
    agentVersion: '0',
    nodeVersion: process.version,
    mode: 'observe',
    exporter: 'none',
    resource: {},
    pid: 1,
    heapFlags: [],
    startWallMs: Date.now(),
    startMonotonicMs: 0,
  };
  return { directory, identity, facts: { 'cgroup.path': '/' }, policy: undefined };
}

function recorder(): Recorder {
  const result = createRecorder(options());
  if (!result.ok) throw new Error(result.trouble.problem.message);
  return result.recorder;
}

/** In fresh processes, from a bundle as the agent is shipped: module, ring file, first records are all cold. */
function start(): void {
  const bundle = join(directory, 'writer.cjs');
  const entryPoints = [fileURLToPath(new URL('../../agent/record/writer.ts', import.meta.url))];
  buildSync({ entryPoints, outfile: bundle, bundle: true, minify: true, platform: 'node', format: 'cjs' });
  const script = `
    const ms = () => performance.now();
    let at = ms();
    at = ms();
    const { createRecorder } = require(${JSON.stringify(bundle)});
    const times = [ms() - at];
    at = ms();
    const { recorder } = createRecorder(${JSON.stringify(options())});
    times.push(ms() - at);
    const row = new Float64Array(${createRow().length}).fill(1);
    for (let count = 0; count < 40; count++) { at = ms(); recorder.write(row); times.push(ms() - at); }
    recorder.discard();
    console.log(JSON.stringify(times));`;
  const runs = Array.from(
    { length: STARTS },
    () => JSON.parse(execFileSync(process.execPath, ['-e', script]).toString()) as number[],
  );
  const at = (index: number): number => least(runs.map((times) => times[index] ?? Number.NaN));
  console.log(
    `load the module: ${at(0).toFixed(2)} ms; open a ring file: ${at(1).toFixed(2)} ms (fresh process, bundle)`,
  );
  console.log(
    `record 1: ${(at(2) * 1000).toFixed(0)} µs, 10: ${(at(11) * 1000).toFixed(0)} µs, 40: ${(at(41) * 1000).toFixed(0)} µs (fresh process)`,
  );
}

function write(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const subject = recorder();
  const row = createRow();
  const micros: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    gc();
    const heapBytes = process.memoryUsage().heapUsed;
    const startMs = performance.now();
    for (let call = 0; call < CALLS; call++) subject.write(row);
    micros.push(((performance.now() - startMs) * 1000) / CALLS);
    bytes.push((process.memoryUsage().heapUsed - heapBytes) / CALLS);
  }
  // the first rounds warm up
  console.log(
    `a record when warm: ${least(micros).toFixed(2)} µs, ${median(bytes.slice(20)).toFixed(1)} bytes of garbage; held: ${subject.memoryBytes} bytes`,
  );
  subject.close();
}

/** As it is once a second in a service of eight caches with a day's events; and where nothing changed. */
function note(): void {
  const subject = recorder();
  let hits = 0;
  const text = 'reclaim gave 12 MiB of 14 MiB back from sessions, thumbnails and 3 others in 8 ms';
  const caches = Array.from({ length: 8 }, (_, index) => cacheStatus(`cache-${index}`));
  const snapshot = (): Snapshot => {
    const [first = cacheStatus('cache'), ...others] = caches;
    return { ...ordinarySnapshot(), caches: [{ ...first, entries: hits }, ...others] };
  };
  const noting = createNoting(snapshot);
  for (let count = 0; count < 24; count++) {
    noting.event({ name: 'plimsoll.action.finished', action: 'shrink-caches', outcome: 'done', detail: text }, count);
  }
  const once = (changed: boolean): number => {
    if (changed) hits += 1;
    const startMs = performance.now();
    const next = noting.next(hits);
    if (next !== undefined) subject.note(next.note, next.json);
    return (performance.now() - startMs) * 1000;
  };
  for (const changed of [true, false]) {
    const cold = once(changed);
    const micros = Array.from({ length: ROUNDS }, () => once(changed));
    const bytes = JSON.stringify(noting.note(0)).length;
    console.log(
      `a note of ${bytes} bytes, ${changed ? 'changed' : 'unchanged'}: first ${cold.toFixed(0)} µs, then ${median(micros).toFixed(0)} µs`,
    );
  }
  subject.discard();
}

/** As a sidecar of twenty processes does, four times a second each. */
function follow(): void {
  const subjects = Array.from({ length: 20 }, recorder);
  for (const subject of subjects) {
    subject.write(createRow());
    subject.note(createNoting(ordinarySnapshot).note(0));
  }
  const followers = subjects.flatMap(({ path }) => {
    const followed = followRing(path);
    return followed.ok ? [followed.reading] : [];
  });
  for (const [name, records] of [
    ['nothing new', 0],
    ['a new record', 1],
    ['five new records', 5],
  ] as const) {
    const micros = Array.from({ length: ROUNDS }, () => {
      for (const subject of subjects) for (let count = 0; count < records; count++) subject.write(createRow());
      const startMs = performance.now();
      for (const follower of followers) follower.poll();
      return ((performance.now() - startMs) * 1000) / followers.length;
    });
    console.log(`a poll with ${name}: ${median(micros).toFixed(1)} µs`);
  }
  for (const follower of followers) follower.close();
  for (const subject of subjects) subject.discard();
}

function admit(): void {
  const subjects = Array.from({ length: 20 }, recorder);
  const micros = Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now();
    admitRing(directory, createRow().length, Date.now());
    return (performance.now() - startMs) * 1000;
  });
  console.log(
    `the look at a folder of 20: first ${(micros[0] ?? 0).toFixed(0)} µs, then ${median(micros).toFixed(0)} µs`,
  );
  for (const subject of subjects) subject.discard();
}

function read(): void {
  const subject = recorder();
  for (let count = 0; count < 1500; count++) subject.write(createRow());
  for (const [name, reader] of Object.entries({ readRing, readLatest })) {
    const times = Array.from({ length: 30 }, () => {
      const startMs = performance.now();
      reader(subject.path);
      return performance.now() - startMs;
    });
    console.log(`${name} of 1024 records: ${median(times).toFixed(2)} ms`);
  }
  subject.discard();
}

/** What it costs when nothing else runs: waiting for a core is not our doing. */
function least(values: readonly number[]): number {
  return Math.min(...values);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
