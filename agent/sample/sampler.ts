import { createRow, COL, type Row } from '../model/row.ts';
import type { Source } from '../model/source.ts';
import type { Clock } from './clock.ts';
import { CONFIRM_DELAY_MS, moved, nextDelayMs, type Distances } from './pace.ts';

/**
 * Asks the sources at the pace of the nearest threshold: cheap probes between full samples, a full sample once an
 * interval, when a probe has moved, above `elevated`, to confirm a first sighting, and when a source asks for one.
 */
export interface SamplerOptions {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly intervalMinMs: number;
  /** The rest of the flow; answers how soon to look again. */
  onSample(row: Row): Outlook;
  /** How late the agent's own timer was: the event-loop source's raw material. */
  onLateness(ms: number): void;
  /** The sampler stops itself after it. */
  onFailure(error: unknown): void;
}

/** What the flow expects after a sample. */
export interface Outlook {
  readonly distances: Distances;
  /** A higher level was seen once: the next sample confirms it or not. */
  readonly confirming: boolean;
  /** Each tick is a full sample. */
  readonly everyTick: boolean;
}

export interface Sampler {
  start(): void;
  stop(): void;
  /** A full sample as soon as this turn allows; ignored when one was taken within the last few ms. */
  request(): void;
  /** The latest full sample. */
  readonly row: Row;
  /** Since the latest tick began. */
  sinceTickMs(): number;
}

/** A requested sample this soon after another would read the same. */
const REQUEST_SPACING_MS = 5;

export function createSampler(options: SamplerOptions): Sampler {
  const { sources, clock, intervalMs, intervalMinMs } = options;
  const probing = sources.filter((source) => source.probe !== undefined);
  const row = createRow();
  const probeRow = createRow();
  const movement = { heapBytes: 0, containerBytes: 0, budgetBytes: 0 };
  let outlook: Outlook | undefined;
  let running = false;
  let fullAtMs = 0;
  let dueMs = 0;
  let spentMs = 0;
  let tickMs = Number.NEGATIVE_INFINITY;
  const timer = clock.createRepeatedTimer(() => tick(false));

  function fullSample(nowMs: number): void {
    row[COL.wallMs] = clock.wallMs();
    row[COL.monotonicMs] = nowMs;
    for (const source of sources) source.read(row);
    row[COL.agentCpuSeconds] = spentMs / 1000;
    outlook = options.onSample(row);
    fullAtMs = nowMs;
    movement.heapBytes = movement.containerBytes = movement.budgetBytes = 0;
    const tookMs = clock.monotonicMs() - nowMs;
    row[COL.agentSampleSeconds] = tookMs / 1000;
  }

  function probe(): boolean {
    for (const source of probing) source.probe?.(probeRow);
    movement.heapBytes = change(COL.heapUsedBytes);
    movement.containerBytes = change(COL.cgroupUsageBytes);
    movement.budgetBytes = change(COL.processRssBytes);
    return outlook === undefined || moved(outlook.distances, movement);
  }

  function change(column: number): number {
    const bytes = (probeRow[column] ?? Number.NaN) - (row[column] ?? Number.NaN);
    return Number.isNaN(bytes) ? 0 : bytes;
  }

  function tick(requested: boolean): void {
    const nowMs = clock.monotonicMs();
    tickMs = nowMs;
    if (!requested && dueMs > 0) options.onLateness(Math.max(0, nowMs - dueMs));
    try {
      const due =
        requested || outlook?.everyTick === true || outlook?.confirming === true || nowMs - fullAtMs >= intervalMs - 1;
      if (due || probe()) fullSample(nowMs);
    } catch (error) {
      stop();
      options.onFailure(error);
      return;
    }
    spentMs += clock.monotonicMs() - nowMs;
    schedule();
  }

  function schedule(): void {
    if (!running) return;
    const untilFullMs = Math.max(0, fullAtMs + intervalMs - clock.monotonicMs());
    const delayMs = Math.max(1, Math.round(Math.min(paceMs(), untilFullMs)));
    dueMs = clock.monotonicMs() + delayMs;
    timer.set(delayMs);
  }

  function paceMs(): number {
    if (outlook === undefined) return intervalMinMs;
    return outlook.confirming ? CONFIRM_DELAY_MS : nextDelayMs(outlook.distances, movement, intervalMinMs, intervalMs);
  }

  function stop(): void {
    running = false;
    timer.cancel();
  }

  return {
    start() {
      if (running) return;
      running = true;
      dueMs = 0;
      tick(true);
    },
    stop,
    request() {
      if (running && clock.monotonicMs() - fullAtMs >= REQUEST_SPACING_MS) tick(true);
    },
    row,
    sinceTickMs: () => clock.monotonicMs() - tickMs,
  };
}
