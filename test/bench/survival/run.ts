/** One program run in a real container, how it ended, and what it did until then. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask } from '../../helpers/http-client.ts';
import { createMemoryGroup, type MemoryGroup } from '../../helpers/memory-group.ts';
import { freePort } from '../../helpers/prometheus.ts';
import { type RunningNode, startNode } from '../../helpers/run-node.ts';
import type { Cell, Guard, Shape } from './cells.ts';
import { offerJobs } from './offer.ts';

const MIB = 2 ** 20;
const CACHED_BYTES = 50_000;
const JOB_BYTES = 250_000;
/** All that is ever held, as a part of the container: more than fits, and fits into one twice as large with V8's own room. */
const HELD: Readonly<Record<Shape, number>> = { buffers: 1.3, mixed: 1.2, objects: 1.1 };
/** The consumer's speed ÷ the producer's. */
const CONSUMED = 0.5;
/** After the memory has been filled. */
const STEADY_SECONDS = 6;

/** A peer that refuses work may do so for ever. */
const TIMEOUT_FACTOR = 3;

/** What a program tells of itself, in words of its own. */
export interface Told {
  readonly operations: number;
  readonly refused: number;
  readonly hits?: number;
  /** Of the operations, those for keys that were asked for before. */
  readonly again?: number;
  readonly longestGapMs?: number;
  readonly done?: boolean;
  readonly port?: number;
  readonly majors: {
    readonly count: number;
    readonly totalMs: number;
    readonly longestMs: number;
    readonly forced: number;
    readonly forcedMs: number;
    readonly longestForcedMs: number;
  };
}

export interface Ending {
  readonly how: 'finished' | 'killed by the kernel' | 'heap out of memory' | 'not done in time' | 'other';
  readonly told: Told | undefined;
  /** To the last thing it told; a queue's jobs take as long as they take. */
  readonly seconds: number;
  readonly peakBytes: number;
  /** By Plimsoll's own account, measured by it. */
  readonly freedBytes: number;
  /** For a person after a surprise. */
  readonly report: string;
}

export interface RunOptions {
  readonly cell: Cell;
  readonly guard: Guard;
  /** Folder with the peers' packages. */
  readonly peers: string;
  /** `maxSize` of the cache, when a person chose it. */
  readonly tunedBytes?: number;
}

export async function runOnce(options: RunOptions): Promise<Ending> {
  const { cell, guard } = options;
  const limitBytes = cell.containerMebibytes * MIB * (guard === 'twice' ? 2 : 1);
  const group = createMemoryGroup(limitBytes);
  try {
    return await runIn(group, options);
  } finally {
    group.remove();
  }
}

async function runIn(group: MemoryGroup, options: RunOptions): Promise<Ending> {
  const { cell, guard } = options;
  const isOurs = guard === 'registered' || guard === 'discovered' || guard === 'headroom' || guard === 'shed';
  const port = await freePort();
  // V8 takes half of a large container and 256 MB of any small one; twice the container is to be twice the heap
  const heap = guard === 'twice' ? [`--max-old-space-size=${Math.max(256, cell.containerMebibytes * 1.5)}`] : [];
  const program = cell.program === 'queue' ? 'queue' : 'cache';
  const running = startNode({
    preload: isOurs ? 'require' : 'none',
    args: [
      ...heap,
      fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url)),
      JSON.stringify(argumentOf(options)),
    ],
    env: {
      PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
      PLIMSOLL_METRICS: 'full',
      OTEL_LOG_LEVEL: 'info',
      PLIMSOLL_RECLAIM: guard === 'discovered' ? 'auto' : undefined,
      PLIMSOLL_SHED: guard === 'shed' ? 'http' : undefined,
    },
    shellBefore: `ulimit -c 0; ${group.enter}`,
    timeoutMs: 10_000 + TIMEOUT_FACTOR * secondsOf(cell) * 1_000,
  });
  const startedMs = performance.now();
  const offering = cell.program === 'queue' ? offerTo(running, cell) : undefined;
  const isDone = await running.until(/"done":true.*\n/).then(
    () => true,
    () => false,
  );
  const seconds = (performance.now() - startedMs) / 1000;
  offering?.stop();
  const freedBytes = isDone && isOurs ? await scrapeFreedBytes(port) : Number.NaN;
  running.child.stdin.end();
  const { stdout, code, signal, stderr, report, timedOut } = await running.ended;
  return {
    how: howItEnded({ isDone: isDone && code === 0, signal, code, stderr, timedOut, oomKills: group.oomKills() }),
    told: lastTold(stdout),
    seconds,
    peakBytes: peakOf(group),
    freedBytes,
    report,
  };
}

function argumentOf({ cell, guard, peers, tunedBytes }: RunOptions): object {
  const limitBytes = cell.containerMebibytes * MIB;
  const heldBytes = HELD[cell.shape] * limitBytes;
  const megabytesPerSecond = cell.speed === 'synchronous' ? 100 : cell.speed;
  const common = { shape: cell.shape, guard, limitBytes, guardFolder: peers };
  if (cell.program === 'queue') {
    const valueBytes = JOB_BYTES;
    const consumedMegabytesPerSecond = megabytesPerSecond * CONSUMED;
    return { ...common, valueBytes, jobs: jobsOf(cell), consumedMegabytesPerSecond };
  }
  return {
    ...common,
    cache: tunedBytes === undefined ? cell.program : 'lru-size',
    maxBytes: tunedBytes ?? 2 * limitBytes,
    keys: Math.round(heldBytes / CACHED_BYTES),
    valueBytes: CACHED_BYTES,
    megabytesPerSecond,
    seconds: secondsOf(cell),
    synchronous: cell.speed === 'synchronous',
  };
}

/** Of a run that nothing holds up. */
function secondsOf(cell: Cell): number {
  const { shape, containerMebibytes, speed } = cell;
  const megabytesPerSecond = speed === 'synchronous' ? 100 : speed;
  if (cell.program === 'queue') return (jobsOf(cell) * JOB_BYTES) / 1e6 / (megabytesPerSecond * CONSUMED);
  return (HELD[shape] * containerMebibytes * MIB) / 1e6 / megabytesPerSecond + STEADY_SECONDS;
}

/** As many as pile up to what is held at the most, when nobody holds them up. */
function jobsOf({ shape, containerMebibytes }: Cell): number {
  return Math.round((HELD[shape] * containerMebibytes * MIB) / (1 - CONSUMED) / JOB_BYTES);
}

function offerTo(running: RunningNode, cell: Cell): { stop(): void } {
  let stop = (): void => {};
  async function begin(): Promise<void> {
    const [, port] = await running.until(/"port":(\d+)/);
    stop = offerJobs({ port: Number(port), jobs: jobsOf(cell), perSecond: (Number(cell.speed) * 1e6) / JOB_BYTES });
  }
  begin().catch(() => {}); // ended before it listened: told by how it ended
  return { stop: () => stop() };
}

interface End {
  readonly isDone: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly oomKills: number;
}

function howItEnded({ isDone, code, signal, stderr, timedOut, oomKills }: End): Ending['how'] {
  if (isDone) return 'finished';
  if (timedOut) return 'not done in time';
  if (signal === 'SIGKILL' && oomKills > 0) return 'killed by the kernel';
  return (signal === 'SIGABRT' || code === 134) && /heap out of memory/i.test(stderr) ? 'heap out of memory' : 'other';
}

function lastTold(stdout: string): Told | undefined {
  const lines = stdout.split('\n').filter((line) => line.endsWith('}'));
  const last = lines.at(-1);
  return last === undefined ? undefined : (JSON.parse(last) as Told);
}

async function scrapeFreedBytes(port: number): Promise<number> {
  const { body } = await ask({ port, path: '/metrics' }).catch(() => ({ body: Buffer.alloc(0) }));
  const values = [...body.toString().matchAll(/^plimsoll_reclaim_freed_bytes_total\{[^}]*\} (\S+)/gm)];
  return values.length === 0 ? Number.NaN : values.reduce((sum, [, value]) => sum + Number(value), 0);
}

function peakOf({ path }: MemoryGroup): number {
  const file = ['memory.max_usage_in_bytes', 'memory.peak'].map((name) => join(path, name)).find(existsSync);
  return file === undefined ? Number.NaN : Number(readFileSync(file, 'utf8'));
}
