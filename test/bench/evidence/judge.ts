/** What all the deaths say together, against what was promised. Pure. */
import type { Case } from './scene.ts';
import { wayOf } from './ways.ts';

/** The machine of cgroup v2 is emulated, some ten times slower: its times are printed, and not judged. */
const REAL_TIME = 1;
/** Of the inferred verdicts. */
const INFERRED_RIGHT_AT_LEAST = 0.95;
/** For what nobody can know. */
const TRACELESS_SURE_AT_MOST = 0.7;
/** From its last instruction to when the bench sees that it has ended: the kernel takes its memory apart first. */
const SEEN_WITHIN_MS = 50;
/** From a death to its post-mortem, for whoever is there when it happens. */
const FOUND_WITHIN_MS = 1000;

export interface Kept {
  readonly what: string;
  readonly measured: string;
  readonly kept: boolean;
}

export interface Reliability {
  /** Confidences from this up to the next tenth. */
  readonly from: number;
  readonly right: number;
  readonly of: number;
}

/** Right is the cause that really was, and nothing else. */
export function isRight({ found, truth }: Case): boolean {
  return found?.cause === truth.cause;
}

/** A process that ended itself, well, and says so in its recording: there is nothing to explain. */
export function needsNoReport({ truth, finder }: Case): boolean {
  return truth.how === 'exit code 0' && (finder === 'successor' || finder === 'new container');
}

export function promises(cases: readonly Case[]): readonly Kept[] {
  const found = cases.filter((one) => one.found !== undefined);
  const observed = found.filter((one) => one.found?.evidence === 'observed');
  const inferred = found.filter((one) => one.found?.evidence === 'inferred');
  const missing = cases.filter((one) => one.found === undefined && !needsNoReport(one));
  const libelled = observed.filter((one) => one.found?.cause === 'kernel_oom' && one.truth.cause !== 'kernel_oom');
  const traceless = inferred.filter(({ way }) => wayOf(way).leavesNoTrace === true);
  const modest = traceless.filter((one) => (one.found?.confidence ?? 1) <= TRACELESS_SURE_AT_MOST);
  const timed = cases.filter(({ way, version }) => version === REAL_TIME && wayOf(way).blocksLoop !== true);
  const fresh = timed.filter(({ lastAgeMs = Infinity, intervalMs = 0 }) => lastAgeMs <= intervalMs + SEEN_WITHIN_MS);
  const present = found.filter(
    ({ finder, version }) => version === REAL_TIME && (finder === 'parent' || finder === 'sidecar'),
  );
  const quick = present.filter((one) => (one.found?.afterMs ?? Infinity) <= FOUND_WITHIN_MS);
  const unmeant = cases.filter((one) => one.truth.cause !== one.meant);
  return [
    {
      what: 'each death is explained',
      measured: share(cases.length - missing.length, cases),
      kept: missing.length === 0,
    },
    { what: 'observed, and right: all', ...rightOf(observed, 1) },
    { what: 'inferred, and right: 95 %', ...rightOf(inferred, INFERRED_RIGHT_AT_LEAST) },
    {
      what: 'of these, what left no trace: at most .7 sure',
      measured: share(modest.length, traceless),
      kept: modest.length === traceless.length,
    },
    {
      what: 'a SIGKILL called an observed kernel OOM: none',
      measured: String(libelled.length),
      kept: libelled.length === 0,
    },
    {
      what: 'last record at most one interval old: all',
      measured: share(fresh.length, timed),
      kept: fresh.length === timed.length,
    },
    {
      what: 'parent, sidecar: post-mortem within 1 s: all',
      measured: share(quick.length, present),
      kept: quick.length === present.length,
    },
    {
      what: 'ended as the bench meant it: all',
      measured: share(cases.length - unmeant.length, cases),
      kept: unmeant.length === 0,
    },
  ];
}

/** Whether those that are sure of themselves are right more often. */
export function reliability(cases: readonly Case[]): readonly Reliability[] {
  const bins = new Map<number, { right: number; of: number }>();
  for (const one of cases) {
    if (one.found?.evidence !== 'inferred') continue;
    // 0.7 * 10 is 7.000000000000001, 0.29 * 100 is 28.999999999999996
    const from = Math.floor(Math.round(one.found.confidence * 100) / 10) / 10;
    const bin = bins.get(from) ?? { right: 0, of: 0 };
    bins.set(from, { right: bin.right + (isRight(one) ? 1 : 0), of: bin.of + 1 });
  }
  return [...bins].map(([from, bin]) => ({ from, ...bin })).toSorted((a, b) => a.from - b.from);
}

function rightOf(cases: readonly Case[], atLeast: number): Pick<Kept, 'measured' | 'kept'> {
  const right = cases.filter(isRight).length;
  return { measured: share(right, cases), kept: right >= atLeast * cases.length };
}

function share(count: number, of: readonly unknown[]): string {
  return `${count} of ${of.length}`;
}
