/** The event loop: how busy since the previous full sample, and how late it lets a timer fire: the agent's own. */
import { performance } from 'node:perf_hooks';

import { COL, type ReadingName, type Row } from '../../agent/model/row.ts';
import type { Source, World } from '../../agent/model/source.ts';

export interface EventLoopSource extends Source {
  /** How late the agent's timer fired, ms. A delay histogram of Node's own would cost .35 % of a CPU. */
  recordLateness(ms: number): void;
}

/** Delays are those of the ticks of the last 10 s, at most 64 of them. */
const WINDOW_MS = 10_000;
const TICKS = 64;

const READINGS = [
  'loopUtilizationRatio',
  'loopActiveSeconds',
  'loopIdleSeconds',
  'loopDelayMinSeconds',
  'loopDelayMaxSeconds',
  'loopDelayMeanSeconds',
  'loopDelayStddevSeconds',
  'loopDelayP50Seconds',
  'loopDelayP90Seconds',
  'loopDelayP99Seconds',
] as const satisfies readonly ReadingName[];

export function createEventLoopSource(world: World): EventLoopSource {
  const latenessSeconds = new Float64Array(TICKS);
  const recordedAtMs = new Float64Array(TICKS).fill(Number.NEGATIVE_INFINITY);
  const sorted = new Float64Array(TICKS);
  let next = 0;
  let activeMs = 0;
  let idleMs = 0;

  function readUtilization(row: Row): void {
    const now = performance.eventLoopUtilization();
    const active = now.active - activeMs;
    const elapsed = active + now.idle - idleMs;
    // Before the loop has started Node reports neither time; it calls that a utilization of 0.
    row[COL.loopUtilizationRatio] = elapsed > 0 ? active / elapsed : 0;
    row[COL.loopActiveSeconds] = now.active / 1000;
    row[COL.loopIdleSeconds] = now.idle / 1000;
    activeMs = now.active;
    idleMs = now.idle;
  }

  /** Sorts the delays of the window into the front of `sorted`; returns how many there are. */
  function sortWindow(): number {
    const since = world.monotonicMs() - WINDOW_MS;
    let count = 0;
    for (let i = 0; i < TICKS; i += 1) {
      if ((recordedAtMs[i] ?? since) > since) sorted[count++] = latenessSeconds[i] ?? 0;
    }
    sorted.fill(Number.POSITIVE_INFINITY, count);
    sorted.sort();
    return count;
  }

  function readDelays(row: Row): void {
    const count = sortWindow();
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += sorted[i] ?? 0;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < count; i += 1) squares += ((sorted[i] ?? 0) - mean) ** 2;
    // Without a tick in the window there is nothing to tell: NaN.
    row[COL.loopDelayMinSeconds] = count > 0 ? (sorted[0] ?? 0) : Number.NaN;
    row[COL.loopDelayMaxSeconds] = percentile(sorted, count, 1);
    row[COL.loopDelayMeanSeconds] = mean;
    row[COL.loopDelayStddevSeconds] = Math.sqrt(squares / count);
    row[COL.loopDelayP50Seconds] = percentile(sorted, count, 0.5);
    row[COL.loopDelayP90Seconds] = percentile(sorted, count, 0.9);
    row[COL.loopDelayP99Seconds] = percentile(sorted, count, 0.99);
  }

  return {
    name: 'event-loop',
    readings: READINGS,
    recordLateness(ms) {
      latenessSeconds[next] = ms / 1000;
      recordedAtMs[next] = world.monotonicMs();
      next = (next + 1) % TICKS;
    },
    read(row) {
      readUtilization(row);
      readDelays(row);
    },
    unavailable: () => [],
    facts: () => ({}),
    close() {},
  };
}

/** Nearest rank: the smallest value that at least this part of the values does not exceed. */
function percentile(ascending: Float64Array, count: number, part: number): number {
  return count > 0 ? (ascending[Math.ceil(part * count) - 1] ?? Number.NaN) : Number.NaN;
}
