/**
 * From the last numbers to a cause: a ceiling kills when use would have reached it by the time of the death, going on as it did. Who stands
 * still just below a limit was ended by somebody else. Pure. Calibrated by `npm run bench:evidence`.
 */
import { LEVELS } from '../model/level.ts';
import type { DeathCause, Verdict } from '../model/postmortem.ts';
import { bytesText, durationText, ratioText } from '../model/quantity.ts';
import type { Clues } from './clues.ts';
import { valueOf, type Ceiling, type Course } from './course.ts';

/** What the kernel cannot take back ÷ limit. It gives memory out in batches and needs some itself: it killed from here on. */
const CONTAINER_SPENT_RATIO = 0.985;
/** With the group at its limit again and again: what is left of the page cache is what runs. */
const CONTAINER_THRASHING_RATIO = 0.94;
/** Pages of the old generation ÷ limit: `npm run bench:truth` saw .96 to 1.01. */
const HEAP_SPENT_RATIO = 0.98;
const HOST_SPENT_RATIO = 0.98;
/** A Map doubles what it has: V8 died at .45 to .67. */
const DOUBLING_FROM_RATIO = 0.4;

type KnownNumbers = Pick<Clues, 'course' | 'ownOomKills'>;

export function isHeapSpent({ reachedRatio }: Ceiling): boolean {
  return reachedRatio >= HEAP_SPENT_RATIO;
}

export function mayHaveDoubled({ usageBytes, limitBytes, growthBytesPerSecond }: Ceiling): boolean {
  return growthBytesPerSecond > 0 && usageBytes / limitBytes >= DOUBLING_FROM_RATIO;
}

export function inferFromNumbers({ course, ownOomKills }: KnownNumbers): Verdict {
  if (course === undefined) {
    return {
      cause: 'killed',
      evidence: 'inferred',
      confidence: 0.3,
      because: ['it ended without a word, before its first sample', 'there are no numbers to tell why'],
    };
  }
  const found = spentCeiling(course, ownOomKills);
  if (found === undefined) return killed(course, ownOomKills);
  const { cause, ceiling, confidence, name } = found;
  const unknown = course.ageSeconds === undefined ? ['the moment of its death is not known'] : [];
  return {
    cause,
    evidence: 'inferred',
    confidence: surenessOf(confidence, course),
    because: [reachedText(name, ceiling, course), ...eventsText(course), ...unknown, ...drillText(course)],
  };
}

/** Numbers continued over more than one sample that never came are worth less. */
function surenessOf(confidence: number, { ageSeconds, isLate }: Course): number {
  if (isLate) return Math.min(confidence, LATE_SPENT_CONFIDENCE);
  return ageSeconds === undefined ? confidence - 0.05 : confidence;
}

interface Spent {
  readonly cause: DeathCause;
  readonly name: string;
  readonly ceiling: Ceiling;
  readonly confidence: number;
}

/** The ceiling that was passed by most. */
function spentCeiling(
  { container, heap, host, limitEvents }: Course,
  ownOomKills: number | undefined,
): Spent | undefined {
  const spent: Spent[] = [];
  // the counter of the own group would have moved
  if (ownOomKills === undefined && container !== undefined) {
    const thrashes = limitEvents > 0 && container.reachedRatio >= CONTAINER_THRASHING_RATIO;
    if (container.reachedRatio >= CONTAINER_SPENT_RATIO || thrashes) {
      const confidence = container.reachedRatio >= 1 ? 0.9 : 0.8;
      spent.push({ cause: 'kernel_oom', name: 'container', ceiling: container, confidence });
    }
  }
  if (heap !== undefined && isHeapSpent(heap)) {
    spent.push({ cause: 'v8_oom', name: 'heap', ceiling: heap, confidence: heap.reachedRatio >= 1 ? 0.9 : 0.8 });
  }
  if (spent.length === 0 && ownOomKills === undefined && host !== undefined && host.reachedRatio >= HOST_SPENT_RATIO) {
    spent.push({ cause: 'kernel_oom', name: 'host', ceiling: host, confidence: 0.6 });
  }
  const [first, second] = spent.toSorted((a, b) => b.ceiling.reachedRatio - a.ceiling.reachedRatio);
  return first && { ...first, confidence: second === undefined ? first.confidence : first.confidence - 0.25 };
}

/**
 * Room that was left, as part of the nearest limit, and how sure that makes it that somebody killed it. Never very: a crash of native code
 * and a SIGTERM that nobody handles leave the same trace, which is none.
 */
const KILLED_CONFIDENCE: readonly (readonly [room: number, confidence: number])[] = [
  [0.1, 0.7],
  [0.03, 0.65],
  [Number.NEGATIVE_INFINITY, 0.6],
];
/** What it did after its last sample is not known. */
const LATE_CONFIDENCE = 0.5;
const LATE_SPENT_CONFIDENCE = 0.65;

function killed(course: Course, ownOomKills: number | undefined): Verdict {
  const { container, heap, isLate } = course;
  const room = 1 - Math.max(container?.reachedRatio ?? 0, heap?.reachedRatio ?? 0);
  const sure = KILLED_CONFIDENCE.find(([from]) => room >= from)?.[1] ?? LATE_CONFIDENCE;
  const roomTexts = [roomText('container', container), roomText('heap', heap)].flat();
  const counted = ownOomKills === 0 ? ['the kernel counted nobody killed for want of memory in its group'] : [];
  const late = isLate
    ? [
        `its event loop was blocked for ${durationText(course.ageSeconds)} before it died: what it did then is not in the numbers`,
      ]
    : [];
  return {
    cause: 'killed',
    evidence: 'inferred',
    confidence: isLate ? Math.min(sure, LATE_CONFIDENCE) : sure,
    because: [
      'it ended without a word, and by its last numbers memory was not used up: a drain, a failed liveness probe, a person, or a crash of native code',
      ...counted,
      ...roomTexts,
      ...budgetText(course),
      ...late,
      ...drillText(course),
    ],
  };
}

/** What the numbers say beside what was observed. */
export function aboutNumbers({ course }: KnownNumbers): readonly string[] {
  if (course === undefined) return ['it lived too short for a sample'];
  return [
    ...roomText('container', course.container),
    ...roomText('heap', course.heap),
    ...eventsText(course),
    ...drillText(course),
  ];
}

function reachedText(
  name: string,
  { usageBytes, limitBytes, growthBytesPerSecond, reachedRatio }: Ceiling,
  course: Course,
): string {
  const last = `${name}: ${bytesText(usageBytes)} of ${bytesText(limitBytes)} at the last sample (${ratioText(usageBytes / limitBytes)})`;
  if (growthBytesPerSecond === 0) return `${last}, which is all of it`;
  const when =
    course.ageSeconds === undefined
      ? 'when the next was due'
      : `${durationText(course.ageSeconds)} later, when it died`;
  const growing = `${last}, growing ${bytesText(growthBytesPerSecond)}/s`;
  return `${growing}: ${reachedRatio >= 1 ? 'the limit was reached' : `${ratioText(reachedRatio)} was reached`} ${when}`;
}

function roomText(name: string, ceiling: Ceiling | undefined): readonly string[] {
  if (ceiling === undefined) return [];
  const { usageBytes, limitBytes, growthBytesPerSecond } = ceiling;
  const course = growthBytesPerSecond > 0 ? `growing ${bytesText(growthBytesPerSecond)}/s` : 'not growing';
  return [
    `${name}: ${bytesText(usageBytes)} of ${bytesText(limitBytes)} (${ratioText(usageBytes / limitBytes)}), ${course}`,
  ];
}

/** It raises the level, and is no ceiling of anybody who kills. */
function budgetText({ row }: Course): readonly string[] {
  const usageBytes = valueOf(row, 'budgetUsageBytes');
  const limitBytes = valueOf(row, 'budgetLimitBytes');
  if (usageBytes === undefined || limitBytes === undefined) return [];
  return [
    `budget: ${bytesText(usageBytes)} of ${bytesText(limitBytes)} (${ratioText(usageBytes / limitBytes)}); a budget ends nobody by itself`,
  ];
}

function eventsText({ limitEvents }: Course): readonly string[] {
  return limitEvents === 0 ? [] : [`its group was at its limit ${limitEvents} times in the last two seconds`];
}

function drillText({ row }: Course): readonly string[] {
  const level = LEVELS[valueOf(row, 'drillLevel') ?? -1];
  return level === undefined ? [] : [`a drill asked for level ${level}: the level says nothing about memory`];
}
