/** How the child of `plimsoll run` ended, and which deaths somebody should hear of. Pure. */
import { constants } from 'node:os';

import type { Postmortem } from '../model/postmortem.ts';
import { durationText } from './text.ts';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** 128 + n after a signal, as shells have it. */
export function exitCodeOf({ code, signal }: Ending): number {
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

/** Signals that ask a program to end, or say that its reader has gone: what follows is no accident. */
const ASKED: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']);

/** The signal that ended it; also when a shell or npm stands between and answers 128 + n. `endedItself`: with that very number. */
export function deathSignal(ending: Ending, endedItself: boolean): string | undefined {
  if (ending.signal !== null) return ending.signal;
  const number = (ending.code ?? 0) - 128;
  return endedItself ? undefined : Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** A signal that nobody sends to say goodbye. */
export function isViolent(ending: Ending, endedItself: boolean): boolean {
  const signal = deathSignal(ending, endedItself);
  return signal !== undefined && !ASKED.has(signal);
}

/** Programs fail all day and say why themselves; not so one that failed while memory was short. */
export function isWorthTelling({ cause, signal, last }: Postmortem): boolean {
  if (cause === 'exit') return false;
  return cause !== 'crash' || signal !== null || last?.level === 'high' || last?.level === 'critical';
}

export function howItEnded(command: string, ending: Ending, endedItself: boolean, livedSeconds: number): string {
  const signal = deathSignal(ending, endedItself);
  const how = signal === undefined ? 'ended' : `was ended by ${signal}`;
  return `${command} ${how} after ${durationText(livedSeconds)}, exit code ${exitCodeOf(ending)}`;
}

export const NOTHING_RECORDED =
  'nothing was recorded: it lived too short, is no Node.js program, PLIMSOLL_MODE is off, or no folder can be written';
