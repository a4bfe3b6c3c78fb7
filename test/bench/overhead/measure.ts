/**
 * The four measurements. Everything is taken from outside the measured process where the kernel tells it (memory, CPU), and
 * the variants are interleaved, so that what the machine does meanwhile falls on all of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Program, startProgram } from './program.ts';
import type { Variant } from './variants.ts';

export interface IdleFigures {
  readonly rssMegabytes: number;
  readonly anonymousMegabytes: number;
  /** CPU time ÷ wall time: 1 is one whole core. */
  readonly cpuRatio: number;
}

export interface StartFigures {
  readonly firstLineMs: number;
  readonly listeningMs: number;
}

/**
 * Memory after `settleMs` of idling with two scrapes on the way, then CPU over `windowMs` without any: the mean of its processes. All
 * variants at once.
 */
export function measureIdle(
  variants: readonly Variant[],
  settleMs: number,
  windowMs: number,
): Promise<readonly IdleFigures[]> {
  return Promise.all(
    variants.map(async (variant, index) => {
      await sleep(index * 400); // start-ups must not slow each other down
      const program = await startProgram(variant, variant.app);
      try {
        return await idleFigures(program, Math.max(settleMs, variant.settleMs ?? 0), windowMs);
      } finally {
        await program.end();
      }
    }),
  );
}

async function idleFigures(program: Program, settleMs: number, windowMs: number): Promise<IdleFigures> {
  await program.line('listening');
  const { pid } = program.child;
  if (pid === undefined) throw new Error('a program that speaks has a pid');
  await sleep(settleMs * 0.3);
  await program.scrape();
  await sleep(settleMs * 0.3);
  await program.scrape();
  await sleep(settleMs * 0.4);
  const pids = [pid, ...childrenOf(pid)];
  const mean = (of: (each: number) => number): number => pids.reduce((sum, each) => sum + of(each), 0) / pids.length;
  const rssMegabytes = mean((each) => statusMegabytes(each, 'VmRSS'));
  const anonymousMegabytes = mean((each) => statusMegabytes(each, 'RssAnon'));
  const beforeNs = mean(cpuNanoseconds);
  const beforeMs = performance.now();
  await sleep(windowMs);
  const usedNs = mean(cpuNanoseconds) - beforeNs;
  return { rssMegabytes, anonymousMegabytes, cpuRatio: usedNs / 1e6 / (performance.now() - beforeMs) };
}

/** Time from spawn to the application's first line, and until it listens. One process at a time. */
export async function measureStart(variant: Variant): Promise<StartFigures> {
  const program = await startProgram(variant, variant.app);
  try {
    const firstLine = await program.line('first line');
    const listening = await program.line('listening');
    return { firstLineMs: firstLine.afterMs, listeningMs: listening.afterMs };
  } finally {
    await program.end();
  }
}

export interface BlockFigures {
  /** From the end of the application's first turn to the next one, ms. */
  readonly firstMs: number;
  /** The longest of all later ones, ms. */
  readonly laterMs: number;
}

/** Times between two turns of a loop that does nothing else in the first `leastMs`, one scrape included. */
export async function measureBlocks(variant: Variant, leastMs: number): Promise<BlockFigures> {
  const watchMs = Math.max(leastMs, variant.watchMs ?? 0);
  const program = await startProgram(variant, 'gaps', { BENCH_WATCH_MS: String(watchMs) });
  try {
    await program.line('listening');
    await sleep(watchMs / 2);
    await program.scrape();
    const { rest } = await program.line('gaps');
    return JSON.parse(rest) as BlockFigures;
  } finally {
    await program.end();
  }
}

/** Nanoseconds on a CPU, all threads: exact, where utime and stime of /proc/pid/stat count whole 10 ms ticks. */
export function cpuNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, nanoseconds) => sum + nanoseconds, 0);
}

/** The workers of a cluster. */
function childrenOf(pid: number): readonly number[] {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return words.filter((word) => word !== '').map(Number);
}

function statusMegabytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
