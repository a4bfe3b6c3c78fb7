/**
 * What it died of: the first rule that answers. Observed is what somebody says who knows: V8, the process itself, its parent, the kernel's
 * counter. All else is inferred from the last numbers, and says so. Pure. docs/postmortem.md
 */
import type { DeathCause, Verdict } from '../model/postmortem.ts';
import { ratioText } from '../model/quantity.ts';
import type { Clues } from './clues.ts';
import { aboutNumbers, inferFromNumbers, isHeapSpent, mayHaveDoubled } from './infer.ts';

/** A conclusion, or undefined: this rule says nothing about it. */
type Rule = (clues: Clues) => Verdict | undefined;

/** What follows was no accident. */
const ASKED: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGQUIT', 'SIGBREAK']);
/** What a program brings on itself: an assertion, a wild pointer, a trap of V8's. */
const FAULTS: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
  'SIGXFSZ',
]);
/** V8 ends a process by these when it finds no memory; the first process of a PID namespace cannot abort, and gets SIGSEGV. */
const V8_ENDS: ReadonlySet<string> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV']);
/** Exit codes by which a program says that it was asked to end: 128 + SIGHUP, SIGINT, SIGTERM. */
const ASKED_CODES: ReadonlySet<number> = new Set([129, 130, 143]);
/** Of the last sample: what was reached after it is a conclusion. */
const HEAP_FULL_RATIO = 0.9;
const WORKER_FULL_RATIO = 0.8;

const RULES: readonly Rule[] = [
  fatalReport,
  endedItself,
  byKernel,
  bySigkill,
  byV8,
  byFault,
  byOtherSignal,
  byCode,
  countedByKernel,
];

export function verdictOf(clues: Clues): Verdict {
  for (const rule of RULES) {
    const verdict = rule(clues);
    if (verdict !== undefined) return verdict;
  }
  return inferFromNumbers(clues);
}

function observed(cause: DeathCause, ...because: readonly string[]): Verdict {
  return { cause, evidence: 'observed', confidence: 1, because };
}

function fatalReport({ fatalReport: report, ...clues }: Clues): Verdict | undefined {
  if (report === undefined) return undefined;
  const said = `V8 wrote a report when it aborted the process: "${report.event}" (${report.path})`;
  return observed(report.trigger === 'OOMError' ? 'v8_oom' : 'crash', said, ...aboutNumbers(clues));
}

function endedItself({ hasEndMark, ...clues }: Clues): Verdict | undefined {
  return hasEndMark ? byExitCode(clues, 'its recording ends with an end mark') : undefined;
}

function byCode(clues: Clues): Verdict | undefined {
  return clues.exitCode === undefined ? undefined : byExitCode(clues, 'its parent waited for it');
}

function byExitCode({ exitCode = 0, course }: Pick<Clues, 'exitCode' | 'course'>, who: string): Verdict {
  const said = `it ended by itself with exit code ${exitCode}: ${who}`;
  if (exitCode === 0) return observed('exit', said);
  if (ASKED_CODES.has(exitCode))
    return observed('exit', `${said}; a program that is asked to end says so by this code`);
  const worker = course?.worker;
  const ratio = worker === undefined ? 0 : worker.usageBytes / worker.limitBytes;
  if (ratio >= WORKER_FULL_RATIO) {
    const full = `a worker thread held ${ratioText(ratio)} of its heap limit: an ERR_WORKER_OUT_OF_MEMORY that nobody handles ends the process like this`;
    return observed('crash', said, full);
  }
  return observed('crash', said, ...aboutNumbers({ course, ownOomKills: undefined }));
}

function byKernel({ signal, ownOomKills = 0, ...clues }: Clues): Verdict | undefined {
  if (signal !== 'SIGKILL' || ownOomKills === 0) return undefined;
  const counted = `SIGKILL, and the kernel counted ${ownOomKills} killed for want of memory in its group since the last record`;
  return observed('kernel_oom', counted, ...aboutNumbers({ ...clues, ownOomKills }));
}

function bySigkill({ signal, ownOomKills, ...clues }: Clues): Verdict | undefined {
  if (signal !== 'SIGKILL') return undefined;
  if (ownOomKills === undefined) {
    const inferred = inferFromNumbers({ course: clues.course, ownOomKills });
    return { ...inferred, because: ['SIGKILL; the counter of its group cannot tell by whom', ...inferred.because] };
  }
  const counted =
    'SIGKILL, and the kernel counted nobody killed for want of memory in its group: somebody else sent it';
  return observed('killed', counted, ...aboutNumbers({ ...clues, ownOomKills }));
}

function byV8({ signal = '', course, ownOomKills }: Clues): Verdict | undefined {
  if (!V8_ENDS.has(signal) || course?.heap === undefined) return undefined;
  const { heap } = course;
  const numbers = aboutNumbers({ course, ownOomKills });
  const ratio = heap.usageBytes / heap.limitBytes;
  if (isHeapSpent(heap) && ratio >= HEAP_FULL_RATIO) {
    const full = `${signal} with the heap at its limit: V8 aborts a process that it finds no memory for`;
    return observed('v8_oom', full, ...numbers);
  }
  const against = 'process.abort() and a native crash look the same';
  const inferred = { cause: 'v8_oom', evidence: 'inferred' } as const;
  if (isHeapSpent(heap)) {
    const filling = `${signal} while the heap filled: it was at ${ratioText(ratio)} of its limit, and would have reached it`;
    return { ...inferred, confidence: 0.85, because: [filling, against, ...numbers] };
  }
  if (signal !== 'SIGABRT' || !mayHaveDoubled(heap)) return undefined;
  const doubled = `SIGABRT while the heap grew and was at ${ratioText(ratio)} of its limit: one allocation of what it holds already, as a growing Map makes, would have passed it`;
  return { ...inferred, confidence: 0.7, because: [doubled, against, ...numbers] };
}

function byFault({ signal = '', ...clues }: Clues): Verdict | undefined {
  return FAULTS.has(signal)
    ? observed(
        'crash',
        `it was ended by ${signal}: an error of the program or of a native module`,
        ...aboutNumbers(clues),
      )
    : undefined;
}

function byOtherSignal({ signal, ...clues }: Clues): Verdict | undefined {
  if (signal === undefined) return undefined;
  if (ASKED.has(signal)) return observed('exit', `it was asked to end by ${signal}`);
  return observed('killed', `it was ended by ${signal}`, ...aboutNumbers(clues));
}

/** Nobody waited for it: what the kernel counted in the group is the only witness. */
function countedByKernel({ ownOomKills = 0, ...clues }: Clues): Verdict | undefined {
  if (ownOomKills === 0) return undefined;
  const counted = `the kernel counted ${ownOomKills} killed for want of memory in its group since the last record`;
  return observed('kernel_oom', counted, ...aboutNumbers({ ...clues, ownOomKills }));
}
