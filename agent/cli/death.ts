/** How the child of `plimsoll run` ended, and whether that was a death somebody should hear of. */
import { constants } from 'node:os';

import { reading, type Recording } from './recording.ts';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** 128 + n after a signal, as shells have it. */
export function exitCodeOf({ code, signal }: Ending): number {
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

/** Signals that ask a program to end, or say that its reader has gone: what follows is no accident. */
const ASKED: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']);
const HIGH = 2;

/** The signal that ended it; also when a shell or npm stands between and answers 128 + n. */
export function deathSignal(ending: Ending, recording: Recording | undefined): NodeJS.Signals | undefined {
  if (ending.signal !== null) return ending.signal;
  const endedItself = recording?.end !== undefined;
  const number = (ending.code ?? 0) - 128;
  const named = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return endedItself ? undefined : (named as NodeJS.Signals | undefined);
}

/** A signal that nobody sends to say goodbye; or a failure while memory was short. */
export function isDeath(ending: Ending, recording: Recording | undefined): boolean {
  const wasShort = (recording?.record && (reading(recording.record.row, 'level') ?? 0) >= HIGH) ?? false;
  const signal = deathSignal(ending, recording);
  if (signal !== undefined && !ASKED.has(signal)) return true;
  return exitCodeOf(ending) !== 0 && signal === undefined && wasShort;
}

/**
 * The recording of the child, or of what the child started: that of its pid, else the newest one since the start that
 * has no end mark. `pid` alone does not do: `npm start` and shells have children of their own.
 */
export function recordingOf(recordings: readonly Recording[], pid: number, sinceWallMs: number): Recording | undefined {
  const since = recordings.filter(({ startWallMs }) => startWallMs >= sinceWallMs);
  return (
    since.find(({ header }) => header.identity.pid === pid) ?? since.find(({ end }) => end === undefined) ?? since[0]
  );
}
