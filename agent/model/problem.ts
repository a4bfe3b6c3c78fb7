import { API_PROBLEMS } from './problem-api.ts';
import { CONTROL_PROBLEMS } from './problem-control.ts';

/**
 * Everything Plimsoll may say is wrong, in one table. A problem is one line: who, code, what was wrong, what is
 * allowed, what happens now. Codes are stable; docs/errors.md lists the same table (guard test).
 */
const AGENT_PROBLEMS = {
  PLM_NODE_TOO_OLD: {
    severity: 'error',
    when: 'preloaded into a Node.js older than 22.15',
    now: 'the agent does nothing',
  },
  PLM_OPTION_INVALID: {
    severity: 'warn',
    when: 'an option has a value that is not of its kind or outside its range',
    now: 'the default is used',
  },
  PLM_OPTION_UNKNOWN: {
    severity: 'warn',
    when: 'a PLIMSOLL_ variable or a key of the configuration file is not an option',
    now: 'it is ignored',
  },
  PLM_CONFIG_FILE: {
    severity: 'warn',
    when: 'the configuration file cannot be read or parsed',
    now: 'the file is ignored',
  },
  PLM_CONTROL_FILE: {
    severity: 'warn',
    when: 'control.json in PLIMSOLL_DIR cannot be parsed or holds an unknown mode',
    now: 'the current mode stays',
  },
  PLM_DEGRADED: {
    severity: 'info',
    when: 'the agent has to do without something: readings, the recording, the listener',
    now: 'what depends on it is left out',
  },
  PLM_EXPORTING: {
    severity: 'info',
    when: 'it was decided how metrics leave the process',
    now: 'nothing is wrong; `OTEL_LOG_LEVEL=info` shows it',
  },
  PLM_LISTEN_FAILED: {
    severity: 'warn',
    when: 'the metrics listener cannot be opened (port taken, address not local)',
    now: 'nothing is exported; sensing goes on',
  },
  PLM_OTLP_FAILED: {
    severity: 'warn',
    when: 'the OTLP endpoint cannot be reached, does not answer in time, or refuses what is sent',
    now: 'it is tried again each interval; sensing goes on',
  },
  PLM_OTLP_GRPC: {
    severity: 'warn',
    when: 'the environment asks for OTLP over gRPC; Plimsoll speaks OTLP over HTTP',
    now: 'metrics go to the Prometheus endpoint; events are not sent',
  },
  PLM_JOIN_FAILED: {
    severity: 'warn',
    when: "the application's own OpenTelemetry SDK cannot be joined: it threw",
    now: 'it is left alone; metrics go another way',
  },
  PLM_LISTEN_OTHER_SERVICE: {
    severity: 'info',
    when: 'the port of the metrics listener belongs to the agent of another service',
    now: 'nothing is exported; sensing goes on',
  },
  PLM_RECORD_FAILED: {
    severity: 'warn',
    when: 'the ring file cannot be created or written',
    now: 'nothing is recorded; sensing goes on',
  },
  PLM_SIDECAR_FOLDER: {
    severity: 'warn',
    when: 'the sidecar cannot list PLIMSOLL_DIR: it is not there yet, or closed to its user',
    now: 'it looks again each second, and goes on with the processes that it has open',
  },
  PLM_SIDECAR_FULL: {
    severity: 'warn',
    when: 'more than 256 processes live in one PLIMSOLL_DIR',
    now: 'the others export by themselves; each is taken up when there is room',
  },
  PLM_SIDECAR_MEMORY: {
    severity: 'warn',
    when: 'the sidecar itself runs short of memory',
    now: 'it drops history and old events, at critical post-mortems too; it goes on watching and exporting',
  },
  PLM_SIDECAR_FAILED: {
    severity: 'warn',
    when: 'a part of the sidecar failed: its API, its exporters, reading a process',
    now: 'the other parts go on; no application waits for any of them',
  },
  PLM_HANDLER_INVALID: {
    severity: 'warn',
    when: 'onPressure was called with an unknown topic or without a function',
    now: 'the call is ignored',
  },
  PLM_HANDLER_FAILED: {
    severity: 'warn',
    when: 'a pressure handler threw or rejected',
    now: 'it is counted; the other handlers run',
  },
  PLM_HANDLER_TIMEOUT: {
    severity: 'warn',
    when: 'a pressure handler did not finish in its time',
    now: 'its signal is aborted; the other handlers run',
  },
  PLM_HANDLER_SLOW: {
    severity: 'warn',
    when: 'a pressure handler held up the event loop for 100 ms or longer',
    now: 'nothing was asked of it that it did not do; the other handlers ran after it',
  },
  PLM_ACTION_FAILED: {
    severity: 'warn',
    when: 'something the agent does under pressure (reclaim, a capture) threw, rejected, or did not finish in its time',
    now: 'it is aborted and counted, and waits longer before the next time; the others run',
  },
  PLM_ADAPTIVE_INVALID: {
    severity: 'warn',
    when: 'adaptive() or adaptiveChunks() was given numbers that make no value: no finite `initial`, a `min` above it, a factor outside 0 to 1',
    now: 'the value stays at `initial`',
  },
  PLM_NAMES_FULL: {
    severity: 'warn',
    when: 'the application gave more names than become attributes of metrics: 20 adaptive values',
    now: 'it works; the names that came later are shown together as `_other`',
  },
  PLM_HEADROOM_TIMEOUT: {
    severity: 'error',
    when: 'waitForHeadroom(), or a headroomTransform(), waited longer than its `timeoutMs` for room',
    now: 'its promise rejects with this code, the stream ends with it',
  },
  PLM_CACHE_UNSUPPORTED: {
    severity: 'warn',
    when: '`registerCache` was given something that is no supported cache and has not the methods of `CacheContract`',
    now: 'it is not followed; nothing is taken out of it',
  },
  PLM_CACHE_OPTION: {
    severity: 'warn',
    when: '`registerCache` was called without a name or with an unknown priority',
    now: "the library's name, or `normal`, is used",
  },
  PLM_CACHE_NAMES: {
    severity: 'warn',
    when: 'more caches are registered or found than there are names for',
    now: 'the others are told together as `_other`; memory is taken from each as before',
  },
  PLM_CACHE_FAILED: {
    severity: 'warn',
    when: 'a cache, or its `sizeOf` or `costOf`, threw or answered nonsense',
    now: 'the cache is left alone for 10 s; its `sizeOf` or `costOf` is not asked again',
  },
  PLM_RECLAIMER_FAILED: {
    severity: 'warn',
    when: 'a cache or reclaimer that was asked for memory threw, did not answer in its time, or promised what cannot be true',
    now: 'that promise does not count; the others are asked',
  },
  PLM_CACHE_OPTIONS: {
    severity: 'warn',
    when: '`pressureCache()` was given an option or a key that is not of its kind or outside its range',
    now: 'the default is used; a call with such a key is ignored',
  },
  PLM_CACHE_DISK_MISSING: {
    severity: 'warn',
    when: '`pressureCache()` was given `disk`, and the package `cacache` is not installed',
    now: 'the cache is in memory alone',
  },
  PLM_CACHE_DISK_FAILED: {
    severity: 'warn',
    when: 'the disk tier of a pressure cache cannot be written, read or emptied: disk full, no permission, no folder',
    now: 'memory goes on; the disk is tried again after 30 s, later after up to 10 min',
  },
  PLM_CACHE_UNSERIALISABLE: {
    severity: 'warn',
    when: 'a value of a pressure cache would not come back from disk as it is: it has functions, or is of a class',
    now: 'it stays in memory alone',
  },
  PLM_HTTP_WRITE_OFF: {
    severity: 'warn',
    when: 'a route of `plimsoll/http` that changes something was called, and `handler()` was not given `write` and `authorize`',
    now: 'nothing is done; the answer is 403',
  },
  PLM_HTTP_REFUSED: {
    severity: 'warn',
    when: '`authorize` of `plimsoll/http` did not answer true, threw or rejected',
    now: 'nothing is done; the answer is 403',
  },
  PLM_HTTP_ORIGIN: {
    severity: 'warn',
    when: 'a page of another origin called a route of `plimsoll/http`',
    now: 'nothing is done; the answer is 403',
  },
  PLM_HTTP_METHOD: {
    severity: 'warn',
    when: 'a route of `plimsoll/http` was called with a method that it does not have',
    now: 'nothing is done; the answer is 405 and names those it has',
  },
  PLM_HTTP_PARAMETER: {
    severity: 'warn',
    when: 'a parameter of a route of `plimsoll/http` cannot be read',
    now: 'nothing is done; the answer is 400',
  },
  PLM_HTTP_NO_CACHE: {
    severity: 'warn',
    when: 'a route of `plimsoll/http` was asked for a cache that is not known',
    now: 'nothing is done; the answer is 404',
  },
  PLM_AGENT_FAILED: {
    severity: 'error',
    when: 'the agent itself failed',
    now: 'the agent stops; the application goes on',
  },
  PLM_AGENT_MISSING: {
    severity: 'warn',
    when: '`start()` was called from a bundle, and the agent is neither beside it nor installed',
    now: 'no agent starts; every call answers as at normal',
  },
  PLM_USAGE: {
    severity: 'error',
    when: 'a command was called with wrong arguments',
    now: 'the command ends with exit code 2',
  },
  PLM_NO_PROCESS: {
    severity: 'error',
    when: 'no process with the agent was found',
    now: 'the command ends with exit code 1',
  },
  PLM_RING_UNREADABLE: {
    severity: 'error',
    when: 'a file is not a Plimsoll recording or is damaged beyond reading',
    now: 'the command ends with exit code 1',
  },
  PLM_POSTMORTEM_MISSING: {
    severity: 'error',
    when: 'no such death is known, or the process lives',
    now: 'the command ends with exit code 1',
  },
  PLM_COMMAND_FAILED: {
    severity: 'error',
    when: 'the command to run could not be started',
    now: 'run ends with exit code 127, or 126 when it was found and is not executable',
  },
  PLM_CLI_FAILED: {
    severity: 'error',
    when: 'a command of plimsoll failed for a reason it did not foresee',
    now: 'the command ends with exit code 1; the line is worth a bug report',
  },
} as const satisfies Table;

export const PROBLEMS = /* @__PURE__ */ joined(/* @__PURE__ */ joined(AGENT_PROBLEMS, CONTROL_PROBLEMS), API_PROBLEMS);

type Table = Readonly<Record<string, { severity: 'info' | 'warn' | 'error'; when: string; now: string }>>;

/** By a call that a bundler may leave out: most texts of the preload need no table. */
function joined<A extends Table, B extends Table>(a: A, b: B): A & B {
  return { ...a, ...b };
}

export type ProblemCode = keyof typeof PROBLEMS;
export type Severity = 'info' | 'warn' | 'error';

export interface Problem {
  readonly code: ProblemCode;
  /** What was wrong, what is allowed, what happens now: one line. */
  readonly message: string;
}

export function problem(code: ProblemCode, message: string): Problem {
  return { code, message: message.replaceAll(/\s*[\r\n]+\s*/g, ' ') };
}

/** Longest part of an error's message that is repeated. */
const MAX_WHY = 300;

/** What was thrown, in words: an application may throw anything, also what cannot be made a string. */
export function whyOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, MAX_WHY);
  } catch {
    return 'it threw what cannot be shown';
  }
}

/** The line for a failure of the agent itself: it ends, the application goes on. */
export function agentFailed(error: unknown): string {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return problemLine(
    problem('PLM_AGENT_FAILED', `the agent failed (${why.slice(0, 500)}). It stops; the application goes on.`),
  );
}

/** The line as a person sees it. */
export function problemLine({ code, message }: Problem): string {
  return `[plimsoll] ${code}: ${message}`;
}
