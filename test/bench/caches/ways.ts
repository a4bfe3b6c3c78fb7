/** In which ways the agent knows the cache that is timed. */
export const WAYS = ['plain', 'off', 'found', 'registered', 'late', 'read'] as const;
export type Way = (typeof WAYS)[number];

export const WAY_WORDS: Readonly<Record<Way, string>> = {
  plain: 'plain lru-cache, no agent',
  off: 'agent with PLIMSOLL_RECLAIM=off',
  found: 'found by itself',
  registered: 'registered: each get and set counted',
  late: 'registered after 400 000 uses',
  read: 'only read, found when memory ran short',
};

/** Of a get. */
export const ALLOWED_RATIO: Readonly<Partial<Record<Way, number>>> = { found: 1.15, registered: 1.15 };
