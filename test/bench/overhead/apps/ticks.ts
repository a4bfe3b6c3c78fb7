/**
 * Run by tick.ts in a group of its own: the agent's real run (sources, sampler, classifier, window, recorder) under a clock
 * that jumps from timer to timer, so that hours of ticks pass in seconds. Prints what one tick took and left behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

import { readConfiguration } from '../../../../agent/config/read.ts';
import { COL } from '../../../../agent/model/row.ts';
import { createProtection } from '../../../../agent/protection.ts';
import { startRun } from '../../../../agent/run.ts';
import type { Clock } from '../../../../agent/sample/clock.ts';
import { readOtlp } from '../../../../agent/config/otlp.ts';
import { createWindow } from '../../../../agent/sample/window.ts';

/** Until V8 has compiled what it will: its code and feedback count as heap. */
const WARM_UP_TICKS = 12_000;
const TIMED_TICKS = 3_000;
const GARBAGE_TICKS = 1_000;
const RETAINED_TICKS = 30_000;
const TICKS_A_TURN = 100;

export interface TickFigures {
  readonly p50Microseconds: number;
  readonly garbageBytes: number;
  /** Over 30 000 ticks, full collections before and after, per tick. */
  readonly retainedBytes: number;
  /** Part of the ticks that were full samples: 1 or next to 0. */
  readonly fullRatio: number;
  readonly cgroupLevels: string;
}

const [, , interval = '1s'] = process.argv;
const { gc } = globalThis;
if (gc === undefined) throw new Error('run with --expose-gc');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-ticks-'));
const jumping = createJumpingClock();
const run = await started(startAgent());

await ticks(WARM_UP_TICKS);
const durations = new Float64Array(TIMED_TICKS);
let fullSamples = 0;
for (let index = 0; index < TIMED_TICKS; index++) {
  const sampledAtMs = run.row[COL.monotonicMs];
  durations[index] = jumping.tick();
  if (run.row[COL.monotonicMs] !== sampledAtMs) fullSamples++;
}
const beforeBytes = liveBytes();
await ticks(GARBAGE_TICKS);
const garbageBytes = (usedBytes() - beforeBytes) / GARBAGE_TICKS;
// what is kept once, by V8 for its code above all, is not what is kept a tick: what comes after that tells
await ticks(WARM_UP_TICKS);
const onceBytes = liveBytes();
await ticks(RETAINED_TICKS);
const retainedBytes = (liveBytes() - onceBytes) / RETAINED_TICKS;
const figures: TickFigures = {
  p50Microseconds: (durations.toSorted()[TIMED_TICKS / 2] ?? Number.NaN) * 1000,
  garbageBytes,
  retainedBytes,
  fullRatio: fullSamples / TIMED_TICKS,
  cgroupLevels: `${(run.row[COL.cgroupLimitBytes] ?? Number.NaN) / 2 ** 20} MiB`,
};
console.log(JSON.stringify(figures));
await run.stop();
rmSync(folder, { recursive: true, force: true });

async function startAgent() {
  const env = { PLIMSOLL_DIR: folder, PLIMSOLL_EXPORTER: 'none', PLIMSOLL_SAMPLE_INTERVAL: interval };
  const { options } = await readConfiguration(env, {});
  const { clock } = jumping;
  const fail = (what: unknown): never => {
    throw new Error(`the agent failed: ${JSON.stringify(what)}`, { cause: what });
  };
  return startRun({
    options,
    identity: {
      serviceName: 'ticks',
      process: 'main',
      agentVersion: '0.0.0',
      nodeVersion: process.versions.node,
      resource: {},
    },
    otlp: readOtlp({}).settings,
    fallbackExporter: 'prometheus',
    clock,
    window: createWindow(),
    protection: createProtection({ clock, imports: undefined, onProblem: fail, onEvent: () => {} }),
    threads: { alive: new Set(), onAdded() {} },
    mode: () => 'protect',
    isYoung: () => false,
    onProblem: fail,
    onEvent: () => {},
    onFailure: fail,
  });
}

/** The agent starts in steps with pauses between them: its timers have to come while it is awaited. */
async function started<T>(starting: Promise<T>): Promise<T> {
  let pending = true;
  const settled = starting.finally(() => {
    pending = false;
  });
  for (;;) {
    await nextTurn();
    if (!pending) return await settled;
    if (jumping.hasTimer()) jumping.tick();
  }
}

/** Between them what waits for its turn gets it, as in life: else a socket that is being opened would be all that is kept. */
async function ticks(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    jumping.tick();
    if (index % TICKS_A_TURN === 0) await nextTurn();
  }
  await nextTurn();
}

function liveBytes(): number {
  gc?.();
  gc?.();
  return usedBytes();
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}

/**
 * Real time plus what was jumped over. `tick` jumps to the next timer and answers how long its callback took, ms. Timers sit
 * in slots that are used again, so that no garbage of this clock is counted as the agent's.
 */
function createJumpingClock(): { clock: Clock; hasTimer(): boolean; tick(): number } {
  const callbacks: ((() => void) | undefined)[] = [];
  const dueMs = new Float64Array(64).fill(Infinity);
  const repeated = new Set<number>();
  let jumpedMs = 0;
  const monotonicMs = (): number => performance.now() + jumpedMs;
  const freeSlot = (): number => dueMs.findIndex((atMs, index) => atMs === Infinity && !repeated.has(index));
  return {
    clock: {
      wallMs: () => Date.now() + jumpedMs,
      monotonicMs,
      setTimer(callback, ms) {
        const slot = freeSlot();
        callbacks[slot] = callback;
        dueMs[slot] = monotonicMs() + ms;
        return () => {
          if (callbacks[slot] === callback) dueMs[slot] = Infinity;
        };
      },
      createRepeatedTimer(callback) {
        const slot = freeSlot();
        repeated.add(slot);
        callbacks[slot] = callback;
        return {
          set: (ms) => (dueMs[slot] = monotonicMs() + ms),
          cancel: () => (dueMs[slot] = Infinity),
        };
      },
    },
    hasTimer: () => dueMs.some((atMs) => atMs < Infinity),
    tick() {
      let next = 0;
      for (let slot = 1; slot < dueMs.length; slot++) {
        if ((dueMs[slot] ?? Infinity) < (dueMs[next] ?? Infinity)) next = slot;
      }
      const callback = callbacks[next];
      const atMs = dueMs[next] ?? Infinity;
      if (callback === undefined || atMs === Infinity) throw new Error('the agent has stopped ticking');
      dueMs[next] = Infinity;
      jumpedMs += Math.max(0, atMs - monotonicMs());
      const startMs = performance.now();
      callback();
      return performance.now() - startMs;
    },
  };
}
