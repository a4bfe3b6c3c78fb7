/** The keys that go next, some at once: finding the first of a table is dear where the ones before it were removed. */
const AT_ONCE = 256;
/** What was set meanwhile is no longer the oldest. */
const ARE_OLD_MS = 1000;

export function createKeysAhead<K>(monotonicMs: () => number, firstKeys: (count: number) => K[]): () => K | undefined {
  let keys: K[] = [];
  let next = 0;
  let readMs = -Infinity;

  return () => {
    const nowMs = monotonicMs();
    if (next >= keys.length || nowMs - readMs >= ARE_OLD_MS) {
      keys = firstKeys(AT_ONCE);
      next = 0;
      readMs = nowMs;
    }
    const key = keys[next++];
    if (next >= keys.length) keys = [];
    return key;
  };
}
