/** Entries whose time is over go first: their keys, found by a look at the oldest ones now and then. */

/** At one look; half a millisecond. */
const LOOKED_AT = 5000;
const LOOK_INTERVAL_MS = 1000;

/** `keysNow` answers those among the first `limit` entries that are expired. Answers one key after the other. */
export function createExpiredKeys<K>(
  monotonicMs: () => number,
  keysNow: (limit: number) => readonly K[],
): () => K | undefined {
  let keys: K[] = [];
  let lookAgainMs = -Infinity;

  return () => {
    if (keys.length === 0 && monotonicMs() >= lookAgainMs) {
      lookAgainMs = monotonicMs() + LOOK_INTERVAL_MS;
      keys = [...keysNow(LOOKED_AT)].toReversed();
    }
    return keys.pop();
  };
}
