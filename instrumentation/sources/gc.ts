/** Garbage collections: how many of each type, and how long they took, as the cumulative buckets of a histogram. */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

import { COL, GC_BUCKETS_SECONDS, GC_TYPES, type ReadingName } from '../../agent/model/row.ts';
import type { Source, World } from '../../agent/model/source.ts';

const READINGS: readonly ReadingName[] = GC_TYPES.flatMap(
  (type) =>
    [
      `gc_${type}Le0`,
      `gc_${type}Le1`,
      `gc_${type}Le2`,
      `gc_${type}Le3`,
      `gc_${type}Count`,
      `gc_${type}Seconds`,
    ] as const,
);
const COLUMNS = READINGS.map((reading) => COL[reading]);
/** Places per type: a bucket each, then the count, then the seconds. */
const COUNT = GC_BUCKETS_SECONDS.length;
const SECONDS = COUNT + 1;
const WIDTH = SECONDS + 1;

const MINOR = 0;
const MAJOR = 1;
const INCREMENTAL = 2;
const WEAKCB = 3;

/**
 * `onMajor` is called before the sample that a major collection asks for, as close to the collection as Node tells of it:
 * entries are delivered from the event loop, many at once when it was busy.
 */
export function createGcSource(world: World, onMajor: (durationMs: number) => void = () => {}): Source {
  const totals = new Float64Array(READINGS.length);

  function count(type: number, seconds: number): void {
    const first = type * WIDTH;
    for (let bucket = 0; bucket < COUNT; bucket += 1) {
      if (seconds <= (GC_BUCKETS_SECONDS[bucket] ?? 0)) add(first + bucket, 1);
    }
    add(first + COUNT, 1);
    add(first + SECONDS, seconds);
  }

  function add(place: number, amount: number): void {
    totals[place] = (totals[place] ?? 0) + amount;
  }

  const observer = new PerformanceObserver((list) => {
    let majorMs = 0;
    for (const entry of list.getEntries()) {
      const type = gcType(entry);
      if (type < 0) continue;
      if (type === MAJOR) majorMs = entry.duration;
      count(type, entry.duration / 1000);
    }
    if (majorMs === 0) return;
    onMajor(majorMs);
    world.requestSample();
  });
  observer.observe({ entryTypes: ['gc'] });

  return {
    name: 'gc',
    readings: READINGS,
    read(row) {
      for (let i = 0; i < COLUMNS.length; i += 1) row[COLUMNS[i] ?? 0] = totals[i] ?? 0;
    },
    unavailable: () => [],
    facts: () => ({}),
    close() {
      observer.disconnect();
    },
  };
}

/** Index into GC_TYPES; −1 for a kind that a later Node may add. */
function gcType({ detail }: PerformanceEntry & { detail?: unknown }): number {
  const kind: unknown = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
  switch (kind) {
    case constants.NODE_PERFORMANCE_GC_MINOR:
      return MINOR;
    case constants.NODE_PERFORMANCE_GC_MAJOR:
      return MAJOR;
    case constants.NODE_PERFORMANCE_GC_INCREMENTAL:
      return INCREMENTAL;
    case constants.NODE_PERFORMANCE_GC_WEAKCB:
      return WEAKCB;
    default:
      return kind === MINOR_MARK_SWEEP ? MINOR : -1;
  }
}

/** v8::kGCTypeMinorMarkSweep, a young collection under `--minor-ms`; Node has no constant for it. */
const MINOR_MARK_SWEEP = 2;
