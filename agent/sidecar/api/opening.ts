/** Listens until it can: a port that is taken may be a predecessor's, who lets go of it in a moment. */
import type { Clock } from '../../sample/clock.ts';
import type { ApiServer, Bound, ListenAddress, NotBound } from './server.ts';

export interface Opening {
  /** undefined: it does not listen (yet). */
  url(): string | undefined;
  /** The first attempt is over. */
  readonly attempted: Promise<void>;
  close(): Promise<void>;
}

export interface OpeningParts {
  readonly server: ApiServer;
  readonly where: ListenAddress;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Once: at first, or where the port is taken when it is still so after ten seconds. */
  onFailed(reason: string): void;
}

const RETRY_MS = 1000;
const HAND_OVER_ATTEMPTS = 10;

export function openListener({ server, where, clock, onFailed }: OpeningParts): Opening {
  let bound: Bound | undefined;
  let cancelRetry: (() => void) | undefined;
  let takenTimes = 0;
  let isTold = false;
  let closed = false;

  async function attempt(): Promise<void> {
    const outcome = await server.listen(where);
    if (closed) return await server.close();
    if ('url' in outcome) bound = outcome;
    else failed(outcome);
  }

  function failed({ reason, isTaken }: NotBound): void {
    if (isTaken) takenTimes += 1;
    if (!isTold && (!isTaken || takenTimes > HAND_OVER_ATTEMPTS)) {
      isTold = true;
      onFailed(reason);
    }
    cancelRetry = clock.setTimer(() => void attempt(), RETRY_MS);
  }

  return {
    url: () => bound?.url,
    attempted: attempt(),
    async close() {
      closed = true;
      bound = undefined;
      cancelRetry?.();
      await server.close();
    },
  };
}
