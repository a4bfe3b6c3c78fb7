import type { ConstraintAssessment, Weight } from '../model/assessment.ts';
import type { Constraint } from '../model/constraint.ts';
import { HEAP_CURRENT_COUNTS_FROM } from '../model/policy.ts';
import { COL, type Row } from '../model/row.ts';

/** From readings to ceilings: what is used of which limit, and how far that may raise the level. */

/**
 * Before the first major collection the live set is unknown. V8 starts that collection at half of the limit at the
 * latest (initial old generation size), so what lies above may be garbage it is about to take.
 */
const HEAP_UNKNOWN_LIVE_AT_MOST = 0.5;

/**
 * V8 counts pages against the limit, not what is used in them: it died with .96 to 1.01 of the limit in pages in every cell of
 * `npm run bench:truth`, and with no more than .88 to .93 in use where strings left gaps. Pages that the last collection emptied
 * are given back later, so they count only when they are nearly all of the limit and well filled: a healthy live set of
 * .77 was seen with .94 in pages, one of .72 with .95 in pages at .81 in use.
 */
const HEAP_PAGES_COUNT_FROM = 0.95;
const HEAP_PAGES_COUNT_FROM_USED = 0.85;

/** Throttle raises beyond elevated from this part of wall time stalled; the kernel's own examples alert at 10 %. */
export const STALLED_RATIO = 0.1;

export function cell(row: Row, column: number): number {
  return row[column] ?? Number.NaN;
}

/** A plausible byte count; garbage must not become a utilization. 2^53 keeps every square below far from overflow. */
function isBytes(bytes: number): boolean {
  return bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER;
}

const LIMIT_COLUMNS: Readonly<Record<Constraint, number>> = {
  heap: COL.heapOldLimitBytes,
  container: COL.cgroupLimitBytes,
  budget: COL.budgetLimitOptionBytes,
  throttle: COL.cgroupHighLimitBytes,
  host: COL.hostTotalBytes,
  worker: COL.workerOldLimitBytes,
};

const USAGE_COLUMNS = {
  container: COL.cgroupUnreclaimableBytes,
  budget: COL.processRssBytes,
  throttle: COL.cgroupHighUnreclaimableBytes,
} as const;

export function limitBytesOf(constraint: Constraint, row: Row): number {
  return cell(row, LIMIT_COLUMNS[constraint]);
}

/** The part of the limit that cannot be taken back. */
export function usageBytesOf(constraint: Constraint, row: Row): number {
  if (constraint === 'heap') return heapUsageBytes(row);
  if (constraint === 'worker') return workerUsageBytes(row);
  if (constraint === 'host') return cell(row, COL.hostTotalBytes) - cell(row, COL.hostAvailableBytes);
  return cell(row, USAGE_COLUMNS[constraint]);
}

function heapUsageBytes(row: Row): number {
  const current = heapCurrentBytes(row);
  return current >= HEAP_CURRENT_COUNTS_FROM * cell(row, COL.heapOldLimitBytes) ? current : heapSteadyBytes(row);
}

/** Large new objects are counted in: one growing array passes the limit while it is still young. */
function heapCurrentBytes(row: Row): number {
  const large = cell(row, COL.heapNewLargeUsedBytes);
  const usedBytes = cell(row, COL.heapOldUsedBytes) + (isBytes(large) ? large : 0);
  const pagesBytes = cell(row, COL.heapOldPagesBytes);
  const limitBytes = cell(row, COL.heapOldLimitBytes);
  const isFull =
    isBytes(pagesBytes) &&
    pagesBytes >= HEAP_PAGES_COUNT_FROM * limitBytes &&
    usedBytes >= HEAP_PAGES_COUNT_FROM_USED * limitBytes;
  return isFull ? Math.max(usedBytes, pagesBytes) : usedBytes;
}

/** The live set: after the last major collection, and never above the current use, which makes it stale. */
function heapSteadyBytes(row: Row): number {
  const live = cell(row, COL.heapLiveBytes);
  const atMost = isBytes(live) ? live : HEAP_UNKNOWN_LIVE_AT_MOST * cell(row, COL.heapOldLimitBytes);
  return Math.min(atMost, heapCurrentBytes(row));
}

/** Live set ÷ limit: what elevated and high of the heap are judged by. NaN without a heap reading. */
export function heapSteadyRatio(row: Row): number {
  return heapSteadyBytes(row) / cell(row, COL.heapOldLimitBytes);
}

/**
 * A worker thread is judged as the heap is: by what its collections leave, and from .9 of the limit on by its current use. Where
 * both come from is instrumentation/sources/worker-use.ts.
 */
function workerUsageBytes(row: Row): number {
  const current = cell(row, COL.workerUsedBytes);
  return current >= HEAP_CURRENT_COUNTS_FROM * cell(row, COL.workerOldLimitBytes) ? current : workerSteadyBytes(row);
}

function workerSteadyBytes(row: Row): number {
  return cell(row, COL.workerSteadyUsedBytes);
}

/** What collections leave ÷ limit: what elevated and high of a worker thread are judged by. NaN without one. */
export function workerSteadyRatio(row: Row): number {
  return workerSteadyBytes(row) / cell(row, COL.workerOldLimitBytes);
}

/** What growth is measured on: of heaps only what collections leave, since garbage grows towards no limit. NaN: not known. */
export function growingBytesOf(constraint: Constraint, row: Row, usageBytes: number): number {
  if (constraint === 'worker') return workerSteadyBytes(row);
  if (constraint !== 'heap') return usageBytes;
  const live = cell(row, COL.heapLiveBytes);
  return isBytes(live) ? live : Number.NaN;
}

export function weightOf(constraint: Constraint, row: Row, stallRatio: number): Weight {
  if (constraint === 'throttle') return stallRatio >= STALLED_RATIO ? 'level' : 'elevated';
  // A process with a limit of its own leaves the host's to others: or every pod of a busy node evicts together.
  return constraint === 'host' && hasOwnLimit(row) ? 'elevated' : 'fully';
}

function hasOwnLimit(row: Row): boolean {
  return isLimit(cell(row, COL.cgroupLimitBytes)) || isLimit(cell(row, COL.budgetLimitOptionBytes));
}

/** Known and finite: `Infinity` says that there is none. */
function isLimit(bytes: number): boolean {
  return bytes >= 1 && isBytes(bytes);
}

/** Whether the constraint exists for this process and can be judged. */
export function isPresent(usageBytes: number, limitBytes: number): boolean {
  return isLimit(limitBytes) && isBytes(usageBytes);
}

export function findConstraint(
  constraints: readonly ConstraintAssessment[],
  constraint: Constraint,
): ConstraintAssessment | undefined {
  for (const candidate of constraints) if (candidate.constraint === constraint) return candidate;
  return undefined;
}
