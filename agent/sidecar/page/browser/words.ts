/** What the API's words are called on the page. */
import type { Constraint } from '../../../model/constraint.ts';
import { LEVELS, type LevelName } from '../../../model/level.ts';
import type { DeathCause, Verdict } from '../../../model/postmortem.ts';
import type { ApiProcess } from '../../api/types.ts';

/** `its …`. */
export const LIMIT_OF: Readonly<Record<Constraint, string>> = {
  heap: 'its heap limit',
  container: 'its container limit',
  budget: 'its memory budget',
  throttle: 'its throttle limit (memory.high)',
  host: 'the end of the host’s memory',
  worker: 'the heap limit of a worker thread',
};

export const CAUSE: Readonly<Record<DeathCause, string>> = {
  kernel_oom: 'was killed by the kernel: out of memory',
  v8_oom: 'was aborted by V8: heap out of memory',
  killed: 'was killed by a signal',
  crash: 'crashed',
  exit: 'ended by itself',
};

export const CAUSE_SHORT: Readonly<Record<DeathCause, string>> = {
  kernel_oom: 'Kernel OOM',
  v8_oom: 'V8 out of memory',
  killed: 'Killed',
  crash: 'Crash',
  exit: 'Clean exit',
};

export function evidenceOf({ evidence, confidence }: Pick<Verdict, 'evidence' | 'confidence'>): string {
  return evidence === 'observed' ? 'observed' : `inferred, ${Math.round(confidence * 100)} % sure`;
}

export function nameOf({ service, process }: Pick<ApiProcess, 'service' | 'process'>): string {
  return `${service} ${process}`;
}

/** Index in LEVELS; −1: no sample yet. */
export function rankOf(level: LevelName | null): number {
  return level === null ? -1 : LEVELS.indexOf(level);
}

/** What a use would be called that lasts. */
export function levelAt(ratio: number, enterRatios: readonly (number | null)[]): LevelName {
  const reached = enterRatios.findLastIndex((enter) => enter !== null && ratio >= enter);
  return LEVELS[reached + 1] ?? 'normal';
}
