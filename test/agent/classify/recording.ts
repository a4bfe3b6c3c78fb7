import { classify, type Verdict } from '../../../agent/classify/index.ts';
import { createPolicy } from '../../../agent/config/presets.ts';
import type { Assessment } from '../../../agent/model/assessment.ts';
import type { Policy } from '../../../agent/model/policy.ts';
import { COL, createRow, type ReadingName, type Row } from '../../../agent/model/row.ts';

/** Scripted samples: what a table in a story says becomes rows, and rows become verdicts. */

export const MIB = 2 ** 20;
export const STANDARD = createPolicy({ preset: 'standard' });

/** Sizes in MiB, times in seconds; what is left out is unavailable. */
export interface Sample {
  readonly at: number;
  readonly heapLimit?: number;
  readonly heapOld?: number;
  readonly heapLarge?: number;
  readonly heapPages?: number;
  readonly heapLive?: number;
  readonly limit?: number;
  /** Unreclaimable use of the group, and its whole use with page cache. */
  readonly use?: number;
  readonly usage?: number;
  readonly anon?: number;
  readonly high?: number;
  readonly highUse?: number;
  readonly budget?: number;
  readonly rss?: number;
  readonly workerLimit?: number;
  readonly worker?: number;
  readonly workerSteady?: number;
  readonly hostTotal?: number;
  readonly hostAvailable?: number;
  readonly max?: number;
  readonly oom?: number;
  readonly oomKill?: number;
  readonly stall?: number;
  readonly faults?: number;
}

const COLUMNS_OF: Readonly<Record<keyof Sample, readonly [column: ReadingName, unit: number]>> = {
  at: ['monotonicMs', 1000],
  heapLimit: ['heapOldLimitBytes', MIB],
  heapOld: ['heapOldUsedBytes', MIB],
  heapLarge: ['heapNewLargeUsedBytes', MIB],
  heapPages: ['heapOldPagesBytes', MIB],
  heapLive: ['heapLiveBytes', MIB],
  limit: ['cgroupLimitBytes', MIB],
  use: ['cgroupUnreclaimableBytes', MIB],
  usage: ['cgroupUsageBytes', MIB],
  anon: ['cgroupAnonBytes', MIB],
  high: ['cgroupHighLimitBytes', MIB],
  highUse: ['cgroupHighUnreclaimableBytes', MIB],
  budget: ['budgetLimitOptionBytes', MIB],
  rss: ['processRssBytes', MIB],
  workerLimit: ['workerOldLimitBytes', MIB],
  worker: ['workerUsedBytes', MIB],
  workerSteady: ['workerSteadyUsedBytes', MIB],
  hostTotal: ['hostTotalBytes', MIB],
  hostAvailable: ['hostAvailableBytes', MIB],
  max: ['cgroupEventsMax', 1],
  oom: ['cgroupEventsOom', 1],
  oomKill: ['cgroupEventsOomKill', 1],
  stall: ['cgroupStallSomeSeconds', 1],
  faults: ['processMajorFaults', 1],
};

export function rowOf(sample: Sample): Row {
  const row = createRow();
  for (const key of Object.keys(sample) as (keyof Sample)[]) {
    const [column, unit] = COLUMNS_OF[key];
    row[COL[column]] = (sample[key] ?? Number.NaN) * unit;
  }
  return row;
}

export function play(samples: readonly Sample[], policy: Policy = STANDARD): Verdict[] {
  return playRows(samples.map(rowOf), policy);
}

export function playRows(rows: readonly Row[], policy: Policy): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const row of rows) verdicts.push(classify(row, policy, verdicts.at(-1)));
  return verdicts;
}

/** `count` samples a second apart. */
export function everySecond(count: number, at: (second: number) => Omit<Sample, 'at'>): Sample[] {
  return Array.from({ length: count }, (_, second) => ({ ...at(second), at: second }));
}

export function levels(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ assessment }) => assessment.level).join('');
}

/** Reasons in a line: `container 0.93≥0.92`, `held by dwell`, `max 3`, `container latched`. */
export function reasons({ reasons: list }: Assessment): string {
  return list
    .map((reason) => {
      if (reason.kind === 'utilization') {
        return `${reason.constraint} ${reason.utilizationRatio.toFixed(2)}≥${reason.thresholdRatio.toFixed(2)}`;
      }
      if (reason.kind === 'drill') return `drill ${reason.level}`;
      if (reason.kind === 'held') return `held by ${reason.by}`;
      if (reason.kind === 'kernel-event') return `${reason.event} ${reason.count}`;
      return `${reason.constraint} latched`;
    })
    .join(', ');
}
