/** Whether a process lives, is blocked or is dead, by what can be seen of it from another container. Pure. */

/**
 * - `open`: the agent has answered on it.
 * - `unanswered`: the kernel took the connection for a listener that says nothing: there is a process, and it is busy.
 * - `lost`: there was one, it ended, and there is nothing to connect to any more.
 * - `refused`: the socket's file is there, and nobody listens: kept by the death of whoever did.
 * - `none`: never had one. A young process, one without a socket, or one that is not ours to ask.
 */
export type Connection = 'open' | 'unanswered' | 'lost' | 'refused' | 'none';

/** `ended`: its parent says so, and that is us. `unknown`: another PID namespace, or a system without /proc. */
export type PidState = 'alive' | 'gone' | 'ended' | 'unknown';

export interface Signs {
  /** Since the last record; of a ring without one, since it was made. */
  readonly silentMs: number;
  /** What the last record announced. */
  readonly intervalMs: number;
  readonly connection: Connection;
  /** The agent answered within the silence: its loop is free, and only its file is not written. */
  readonly hasAnswered: boolean;
  readonly pid: PidState;
}

export type Life = 'live' | 'blocked' | 'dead';

const SILENT_INTERVALS = 2;
/** Of a process that can be neither asked nor looked up. */
const DEAD_AFTER_SILENT_MS = 30_000;

/** When silence becomes more than a pause between two records, ms. */
export function silenceLimitMs(intervalMs: number): number {
  return SILENT_INTERVALS * intervalMs;
}

export function lifeOf(signs: Signs): Life {
  if (signs.pid === 'ended') return 'dead';
  const isSilent = signs.silentMs >= silenceLimitMs(signs.intervalMs);
  const isThere = signs.connection === 'open' || signs.connection === 'unanswered' || signs.pid === 'alive';
  if (isThere) return isSilent && !signs.hasAnswered ? 'blocked' : 'live';
  return isGone(signs, isSilent) ? 'dead' : 'live';
}

function isGone({ connection, pid, silentMs, intervalMs }: Signs, isSilent: boolean): boolean {
  if (connection === 'refused') return true;
  // whoever deletes the folder takes the socket's file away from a process that lives, and goes on writing
  if (connection === 'lost') return isSilent || pid === 'gone';
  // /proc may hide the processes of others (hidepid): that one is not seen proves nothing while it writes
  if (pid === 'gone') return isSilent;
  return silentMs >= Math.max(DEAD_AFTER_SILENT_MS, silenceLimitMs(intervalMs));
}
