/**
 * Cost of the cgroup source in this machine's own hierarchy, with one and with three limited levels:
 *
 *   node test/bench/cgroup.ts        (root, Linux; makes memory groups and removes them)
 *
 * Budget B4: a full sample of all sources with three cgroup levels ≤ 100 µs, of which this source may take 45; a probe of
 * all sources ≤ 5 µs. "every level read" makes each ancestor fuller than the level below, so that none can be skipped;
 * "as usual" leaves the ancestors roomier. Cold is the cost of the first 60 reads, as a process at one sample a second
 * pays them in its first minute, before V8 optimizes; warm is after 20 000.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';

import { createRow } from '../../agent/model/row.ts';
import { createCgroupSource } from '../../instrumentation/sources/cgroup.ts';
import { nodeRuntime } from '../../instrumentation/sources/runtime.ts';
import { createMemoryGroup } from '../helpers/memory-group.ts';

const MB = 1 << 20;
const INSIDE = '--inside';

interface Cost {
  readonly levels: number;
  readonly coldMicros: number;
  readonly coldGarbageBytes: number;
  readonly warmMicros: number;
  readonly warmGarbageBytes: number;
  readonly probeMicros: number;
}

function measureInside(): Cost {
  const source = createCgroupSource({
    root: '',
    platform: process.platform,
    runtime: nodeRuntime,
    execArgv: [],
    nodeOptions: '',
    processBudgetBytes: undefined,
    monotonicMs: () => performance.now(),
    requestSample() {},
  });
  const row = createRow();
  const read = (): void => source.read(row);
  const probe = (): void => source.probe?.(row);
  read();
  const cold = costOf(read, 60);
  for (let i = 0; i < 20; i += 1) costOf(read, 1_000);
  const warm = bestOf(() => costOf(read, 1_000));
  for (let i = 0; i < 20; i += 1) costOf(probe, 1_000);
  const probing = bestOf(() => costOf(probe, 1_000));
  const levels = Number(source.facts()['levels']);
  source.close();
  return {
    levels,
    coldMicros: cold.micros,
    coldGarbageBytes: cold.garbageBytes,
    warmMicros: warm.micros,
    warmGarbageBytes: warm.garbageBytes,
    probeMicros: probing.micros,
  };
}

/** Per call. The young generation is set large enough that nothing is collected meanwhile. */
function costOf(call: () => void, times: number) {
  const usedBefore = getHeapStatistics().used_heap_size;
  const startedMs = performance.now();
  for (let i = 0; i < times; i += 1) call();
  const micros = ((performance.now() - startedMs) * 1000) / times;
  const garbageBytes = Math.max(0, getHeapStatistics().used_heap_size - usedBefore) / times;
  return { micros, garbageBytes };
}

/** The least of ten: what the machine's other work adds is no cost of ours. */
function bestOf(measure: () => ReturnType<typeof costOf>): ReturnType<typeof costOf> {
  const all = Array.from({ length: 10 }, measure);
  return all.reduce((best, each) => (each.micros < best.micros ? each : best));
}

/** `limitsBytes`: outermost group first. */
function measureIn(limitsBytes: readonly number[]): Cost {
  const [outermost = 0, ...inner] = limitsBytes;
  const group = createMemoryGroup(outermost);
  const paths = [group.path];
  try {
    for (const limitBytes of inner) {
      const parent = paths.at(-1) ?? '';
      const path = `${parent}/level`;
      if (group.version === 2) writeFileSync(`${parent}/cgroup.subtree_control`, '+memory');
      mkdirSync(path);
      paths.push(path);
      writeFileSync(`${path}/${group.version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`, String(limitBytes));
    }
    const enter = 'echo $$ > "$0/cgroup.procs"; exec "$@"';
    const node = [
      process.execPath,
      ...process.execArgv,
      '--min-semi-space-size=64',
      fileURLToPath(import.meta.url),
      INSIDE,
    ];
    const child = spawnSync('/bin/sh', ['-c', enter, paths.at(-1) ?? '', ...node], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(child.stderr);
    return JSON.parse(child.stdout) as Cost;
  } finally {
    for (const path of paths.slice(1).toReversed()) rmdirSync(path);
    group.remove();
  }
}

if (process.argv.includes(INSIDE)) {
  process.stdout.write(JSON.stringify(measureInside()));
} else {
  const rows = {
    'one limited level': measureIn([256 * MB]),
    'three limited levels, every level read': measureIn([256 * MB, 512 * MB, 1024 * MB]),
    'three limited levels, as usual': measureIn([1024 * MB, 512 * MB, 256 * MB]),
  };
  const round = (cost: Cost) =>
    Object.fromEntries(Object.entries(cost).map(([name, value]) => [name, Math.round(value * 10) / 10]));
  console.table(Object.fromEntries(Object.entries(rows).map(([name, cost]) => [name, round(cost)])));
}
