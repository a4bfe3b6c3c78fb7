/** What really happened, by the exit status and the counter of the group: both read by the bench, nothing of it by Plimsoll. */
import { constants } from 'node:os';

import type { DeathCause } from '../../../agent/model/postmortem.ts';

export interface Truth {
  readonly cause: DeathCause;
  /** `SIGKILL`, `exit code 1`. */
  readonly how: string;
  /** By the kernel, in its group. */
  readonly oomKills: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

const ASKED: ReadonlySet<string | undefined> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP']);

export function truthOf(ended: Ended, oomKills: number): Truth {
  const signal = ended.signal ?? signalNamed((ended.code ?? 0) - 128);
  return { cause: causeOf(signal, ended, oomKills), how: signal ?? `exit code ${ended.code}`, oomKills };
}

/** A shell, a parent and unshare answer 128 + n. */
function signalNamed(number: number): NodeJS.Signals | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] as NodeJS.Signals | undefined;
}

function causeOf(signal: NodeJS.Signals | undefined, { code, stderr }: Ended, oomKills: number): DeathCause {
  if (signal === 'SIGKILL') return oomKills > 0 ? 'kernel_oom' : 'killed';
  // the first process of a PID namespace cannot abort: the kernel ends it by SIGSEGV
  if (signal !== undefined && /heap out of memory/i.test(stderr)) return 'v8_oom';
  if (ASKED.has(signal)) return 'exit';
  return signal === undefined && code === 0 ? 'exit' : 'crash';
}
