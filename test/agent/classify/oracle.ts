import type { Constraint } from '../../../agent/model/constraint.ts';
import type { Policy, Thresholds } from '../../../agent/model/policy.ts';
import { COL, type ColumnName, type Row } from '../../../agent/model/row.ts';

/**
 * The levels of a whole recording, by definition: for each sample it looks back over the recording for what it needs,
 * however slow that is. It shares no code with the classifier and keeps none of its counters; the level itself, when it
 * was entered and what the latch has taken off are the only things carried from one sample to the next.
 */

interface Ceiling {
  readonly constraint: Constraint;
  readonly limit: number;
  /** The highest level its weight allows. */
  readonly most: number;
  /** The ratio that is held against the thresholds of elevated, high, critical. */
  readonly ratios: readonly [number, number, number];
}

const plausible = (bytes: number): boolean => bytes >= 0 && bytes <= 2 ** 53 - 1;
const limited = (bytes: number): boolean => bytes >= 1 && plausible(bytes);

export function oracleLevels(rows: readonly Row[], policy: Policy): number[] {
  const read = (index: number, name: ColumnName): number => rows[index]?.[COL[name]] ?? Number.NaN;
  const times = timesOf(rows);
  const seconds = times.map((ms) => ms / 1000);
  const ceilings = rows.map((_, index) => ceilingsOf(index));

  function ceilingsOf(index: number): Ceiling[] {
    const found: Ceiling[] = [];
    const add = (constraint: Constraint, usage: number, limit: number, most: number, steady = usage): void => {
      if (!limited(limit) || !plausible(usage)) return;
      found.push({ constraint, limit, most, ratios: [steady / limit, steady / limit, usage / limit] });
    };
    const heapLimit = read(index, 'heapOldLimitBytes');
    const large = read(index, 'heapNewLargeUsedBytes');
    const used = read(index, 'heapOldUsedBytes') + (plausible(large) ? large : 0);
    const pages = read(index, 'heapOldPagesBytes');
    const full = plausible(pages) && pages >= heapLimit * 0.95 && used >= heapLimit * 0.85;
    const current = full && pages > used ? pages : used;
    const live = read(index, 'heapLiveBytes');
    const steady = Math.min(plausible(live) ? live : heapLimit / 2, current);
    add('heap', current >= heapLimit * 0.9 ? current : steady, heapLimit, 3, steady);
    const container = read(index, 'cgroupLimitBytes');
    const budget = read(index, 'budgetLimitOptionBytes');
    add('container', read(index, 'cgroupUnreclaimableBytes'), container, 3);
    add('budget', read(index, 'processRssBytes'), budget, 3);
    const throttleMost = recentStall(index) >= 0.1 ? 3 : 1;
    add('throttle', read(index, 'cgroupHighUnreclaimableBytes'), read(index, 'cgroupHighLimitBytes'), throttleMost);
    const workerLimit = read(index, 'workerOldLimitBytes');
    const workerUsed = read(index, 'workerUsedBytes');
    const workerSteady = read(index, 'workerSteadyUsedBytes');
    add('worker', workerUsed >= workerLimit * 0.9 ? workerUsed : workerSteady, workerLimit, 3, workerSteady);
    const total = read(index, 'hostTotalBytes');
    add('host', total - read(index, 'hostAvailableBytes'), total, limited(container) || limited(budget) ? 1 : 3);
    return found;
  }

  /** What a counter gained in this sample; NaN when that cannot be said. */
  function gained(index: number, name: ColumnName): number {
    const now = read(index, name);
    const before = index === 0 ? Number.NaN : read(index - 1, name);
    return Number.isFinite(now) && before <= now ? now - before : Number.NaN;
  }

  /** Exponentially faded mean over 2 s of the part of time that was stalled. */
  function recentStall(index: number): number {
    let sum = 0;
    for (let i = index; i > 0; i--) {
      const span = (seconds[i] ?? 0) - (seconds[i - 1] ?? 0);
      const age = (seconds[index] ?? 0) - (seconds[i] ?? 0);
      if (age > 120) break;
      const stalled = gained(i, 'cgroupStallSomeSeconds');
      const ratio = span > 0 && stalled > 0 ? Math.min(1, stalled / span) : 0;
      sum += ratio * (1 - Math.exp(-span / 2)) * Math.exp(-age / 2);
    }
    return sum;
  }

  /** An event counter is compared with its last known value under the same limit. */
  function events(index: number, name: ColumnName): number {
    const now = read(index, name);
    const limit = read(index, 'cgroupLimitBytes');
    if (!Number.isFinite(now)) return 0;
    for (let i = index - 1; i >= 0 && Object.is(read(i, 'cgroupLimitBytes'), limit); i--) {
      const before = read(i, name);
      if (Number.isFinite(before)) return Math.max(0, now - before);
    }
    return 0;
  }

  function alarmed(index: number): boolean {
    if (events(index, 'cgroupEventsOomKill') > 0 || events(index, 'cgroupEventsOom') > 0) return true;
    const container = ceilings[index]?.find(({ constraint }) => constraint === 'container');
    if (container === undefined || events(index, 'cgroupEventsMax') === 0) return false;
    const [elevated = Infinity, high = Infinity] = policy.thresholds.enter;
    const ratio = container.ratios[2];
    if (ratio >= elevated && recentStall(index) >= 0.1) return true;
    const reclaimable = read(index, 'cgroupUsageBytes') / container.limit - ratio;
    return ratio >= high && reclaimable < 0.05;
  }

  const of = (ceiling: Ceiling): Thresholds =>
    ceiling.constraint === 'budget' ? policy.budgetThresholds : policy.thresholds;
  const enabled = (level: number): boolean =>
    [policy.thresholds, policy.budgetThresholds].some(({ enter }) => enter[level - 1] !== undefined);
  const below = (level: number): number => [3, 2, 1].find((lower) => lower < level && enabled(lower)) ?? 0;
  const top = [3, 2, 1].find((level) => policy.thresholds.enter[level - 1] !== undefined) ?? 0;

  const watchedAt = (index: number): Ceiling | undefined =>
    ceilings[index]?.find(({ constraint }) => constraint === 'container') ??
    ceilings[index]?.find(({ constraint, most }) => constraint === 'host' && most === 3);

  /** Whether anything moved in the samples after `anchor` up to `index`. */
  function moved(anchor: number, index: number): boolean {
    const was = watchedAt(anchor);
    const is = watchedAt(index);
    if (was === undefined || is === undefined) return true;
    if (was.constraint !== is.constraint || was.limit !== is.limit) return true;
    let lowest = Infinity;
    let worstStall = -Infinity;
    let stall = 0;
    for (let i = index; i >= anchor; i--) {
      lowest = Math.min(lowest, watchedAt(i)?.ratios[2] ?? Infinity);
      if (i === anchor) break;
      const measured = gained(i, 'cgroupStallSomeSeconds');
      stall += Number.isNaN(measured) ? gained(i, 'processMajorFaults') / 1000 : measured;
      if (!(stall <= worstStall)) worstStall = stall;
      stall -= 0.001 * ((seconds[i] ?? 0) - (seconds[i - 1] ?? 0));
    }
    const counted = ['cgroupEventsMax', 'cgroupEventsOom', 'cgroupEventsOomKill'] as const;
    if (counted.some((name) => events(index, name) > 0)) return true;
    const anon = Math.abs(read(index, 'cgroupAnonBytes') - read(anchor, 'cgroupAnonBytes'));
    return !(worstStall < 0.3 && anon < 0.01 * is.limit && is.ratios[2] < lowest + 0.02);
  }

  const result: number[] = [];
  let level = 0;
  let since = 0;
  let steppedDown = -Infinity;
  let lastReached = 0;
  const reachedAt: number[] = [];
  let anchor: number | undefined;
  let taken: { from: number; cap: number } | undefined;

  const cap = (ceiling: Ceiling, index: number): number =>
    taken !== undefined && watchedAt(index)?.constraint === ceiling.constraint
      ? Math.min(taken.cap, ceiling.most)
      : ceiling.most;
  const passes = (ceiling: Ceiling, side: 'enter' | 'exit', wanted: number, index: number): boolean =>
    wanted <= cap(ceiling, index) && (ceiling.ratios[wanted - 1] ?? 0) >= (of(ceiling)[side][wanted - 1] ?? Infinity);
  const reached = (index: number, among = ceilings[index] ?? []): number =>
    [3, 2, 1].find((wanted) => among.some((ceiling) => passes(ceiling, 'enter', wanted, index))) ?? 0;

  for (let index = 0; index < rows.length; index++) {
    const now = times[index] ?? 0;
    const watched = watchedAt(index);
    const released = taken;
    if (watched === undefined || level === 0 || (level === 1 && taken === undefined)) {
      anchor = undefined;
      taken = undefined;
    } else if (anchor === undefined || moved(anchor, index)) {
      anchor = index;
      taken = undefined;
    }

    const alarm = alarmed(index);
    reachedAt.push(alarm ? top : reached(index));
    const recent = reachedAt.slice(-policy.confirmSamples);
    let sure = recent.length < policy.confirmSamples ? 0 : Math.min(...recent);
    if (alarm) sure = Math.max(sure, top);
    else if (released !== undefined && taken === undefined && watched !== undefined) {
      sure = Math.max(sure, Math.min(released.from, reached(index, [watched])));
    }
    const here = reachedAt[index] ?? 0;
    const holders = (ceilings[index] ?? []).filter((ceiling) => passes(ceiling, 'exit', level, index));
    const cool = now - steppedDown >= policy.coolDownMs;
    const quietFor = now - Math.max(since, times[anchor ?? index] ?? 0);

    if (sure > level) {
      level = sure;
      since = now;
      lastReached = now;
    } else if (
      level >= 2 &&
      below(level) > 0 &&
      cool &&
      anchor !== undefined &&
      quietFor >= 300_000 &&
      holders.length === 1 &&
      holders[0] === watched
    ) {
      taken = { from: taken?.from ?? level, cap: below(level) };
      level = below(level);
      since = now;
      steppedDown = now;
      if (reached(index) >= level) lastReached = now;
    } else if (level > 0 && here >= level) {
      lastReached = now;
    } else if (level > 0 && holders.length === 0 && cool && now - lastReached >= policy.dwellMs) {
      level = below(level);
      since = now;
      steppedDown = now;
      if (here >= level) lastReached = now;
    }
    result.push(level);
  }
  return result;
}

/** Monotonic ms; a clock that is missing or runs backwards stands still. */
function timesOf(rows: readonly Row[]): number[] {
  const times: number[] = [];
  for (const row of rows) {
    const ms = row[COL.monotonicMs] ?? Number.NaN;
    const last = times.at(-1) ?? 0;
    times.push(ms >= last && ms <= 2 ** 53 - 1 ? ms : last);
  }
  return times;
}
