/** What was promised, what was found to be true of it, and whom to believe how much. */
import type { ReclaimTotal } from '../../model/reclaim.ts';

/** How much of what one measurement says is believed at once. */
const LEARNING = 0.7;
/** Whoever promised nothing true still gets a chance to: a promise of it must be able to count again. */
const LEAST_TRUST = 0.05;
/** Names are the application's: later ones are accounted for together. */
const MAX_NAMES = 1_000;
const OTHER = '_other';

interface Account {
  readonly reclaimer: string;
  trust: number;
  /** Promised since the last collection. */
  pendingBytes: number;
  promisedBytes: number;
  freedBytes: number;
}

export interface Ledger {
  trust(name: string): number;
  promise(name: string, bytes: number): void;
  /** Promised and not collected yet, as far as promises are believed. */
  pendingBytes(): number;
  /** The same without the doubt. */
  pendingPromisedBytes(): number;
  /** A collection freed so many bytes: answers the part of each in it. */
  settle(freedBytes: number): ReadonlyMap<string, number>;
  /** V8 collected by itself: what was promised is gone, and nobody measured it. */
  forget(): void;
  totals(): readonly ReclaimTotal[];
}

export function createLedger(): Ledger {
  const accounts = new Map<string, Account>();

  function accountOf(name: string): Account {
    const known = accounts.get(name) ?? (accounts.size < MAX_NAMES ? undefined : accounts.get(OTHER));
    if (known !== undefined) return known;
    const reclaimer = accounts.size < MAX_NAMES ? name : OTHER;
    const account: Account = { reclaimer, trust: 1, pendingBytes: 0, promisedBytes: 0, freedBytes: 0 };
    accounts.set(reclaimer, account);
    return account;
  }

  function pending(): readonly Account[] {
    return [...accounts.values()].filter(({ pendingBytes }) => pendingBytes > 0);
  }

  function sum(bytesOf: (account: Account) => number): number {
    let total = 0;
    for (const account of accounts.values()) total += bytesOf(account);
    return total;
  }

  /**
   * One measurement for all: the error falls on each by the square of its promise, as in a least-mean-squares filter, so that the
   * honest ones beside a great liar keep their names, and repeated measurements tell who it is. Garbage that was there before
   * makes no promise truer than it was.
   */
  function judge(promising: readonly Account[], freedBytes: number): void {
    const promised = promising.reduce((total, { pendingBytes }) => total + pendingBytes, 0);
    const believed = promising.reduce((total, { trust, pendingBytes }) => total + trust * pendingBytes, 0);
    const squares = promising.reduce((total, { pendingBytes }) => total + pendingBytes ** 2, 0);
    const error = Math.min(freedBytes, promised) - believed;
    for (const account of promising) {
      const learned = account.trust + (LEARNING * error * account.pendingBytes) / squares;
      account.trust = Math.min(1, Math.max(LEAST_TRUST, learned));
    }
  }

  return {
    trust: (name) => accounts.get(name)?.trust ?? 1,
    promise(name, bytes) {
      const account = accountOf(name);
      account.pendingBytes += bytes;
      account.promisedBytes += bytes;
    },
    pendingBytes: () => sum(({ trust, pendingBytes }) => trust * pendingBytes),
    pendingPromisedBytes: () => sum(({ pendingBytes }) => pendingBytes),
    settle(freedBytes) {
      const promising = pending();
      const parts = new Map<string, number>();
      if (promising.length === 0) return parts;
      judge(promising, freedBytes);
      const promised = promising.reduce((total, { pendingBytes }) => total + pendingBytes, 0);
      const credited = Math.min(freedBytes, promised);
      const weights = promising.reduce((total, { trust, pendingBytes }) => total + trust * pendingBytes, 0);
      for (const account of promising) {
        const part = Math.min(account.pendingBytes, (credited * account.trust * account.pendingBytes) / weights);
        account.freedBytes += part;
        account.pendingBytes = 0;
        parts.set(account.reclaimer, part);
      }
      return parts;
    },
    forget() {
      for (const account of accounts.values()) account.pendingBytes = 0;
    },
    totals: () =>
      [...accounts.values()].map(({ reclaimer, promisedBytes, freedBytes }) => ({
        reclaimer,
        promisedBytes,
        freedBytes,
      })),
  };
}
