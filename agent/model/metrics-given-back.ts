import type { CacheAccount, CacheCounts, CacheResult, EvictionReason } from './cache.ts';
import { boundedSums, OTHER, type Metric, type NumberPoint, type Tier } from './metric.ts';
import type { ReclaimTotal } from './reclaim.ts';
import type { Snapshot } from './snapshot.ts';

/** What memory can be given back, what was, and what it cost the application. */

const NAME = 'plimsoll.cache.name';
const LIBRARY = 'plimsoll.cache.library';
const SIZE_SOURCE = 'plimsoll.cache.size_source';
const RESULT = 'plimsoll.cache.result';
const REASON = 'plimsoll.eviction.reason';

/** Series of one metric in `full`, `_other` included. */
const MAX_RECLAIMERS = 3;
const MAX_SHED_POINTS = 2;
const MAX_ADAPTIVES = 3;

/** Told of each cache that has a name; the others of all together, under `_other`. */
const NAMED_RESULTS: readonly CacheResult[] = ['hit', 'miss'];
const UNNAMED_RESULTS: readonly CacheResult[] = ['expired'];
const NAMED_REASONS: readonly EvictionReason[] = ['pressure'];
const UNNAMED_REASONS: readonly EvictionReason[] = ['capacity', 'ttl', 'manual'];

const OTHERS = { [NAME]: OTHER, [LIBRARY]: OTHER };

function named({ name, library }: CacheAccount): Readonly<Record<string, string>> {
  return { [NAME]: name, [LIBRARY]: library };
}

function gaugePoints(
  { cacheAccounts }: Snapshot,
  tier: Tier,
  value: (account: CacheAccount) => number,
  ofNamed: (account: CacheAccount) => Readonly<Record<string, string>> = () => ({}),
): NumberPoint[] {
  if (cacheAccounts === undefined) return [];
  if (tier === 'core') return [{ attributes: {}, value: value(cacheAccounts.all) }];
  return [
    ...cacheAccounts.named.map((account) => ({
      attributes: { ...named(account), ...ofNamed(account) },
      value: value(account),
    })),
    { attributes: OTHERS, value: value(cacheAccounts.other) },
  ];
}

/** Each cache's own counts of the kinds that are worth it, so that a sum per kind is the sum over all caches in both tiers. */
function countPoints<K extends string>(
  { cacheAccounts }: Snapshot,
  tier: Tier,
  attribute: string,
  { ofEach, ofAll }: { readonly ofEach: readonly K[]; readonly ofAll: readonly K[] },
  countsOf: (counts: CacheCounts) => Readonly<Record<K, number>>,
): NumberPoint[] {
  if (cacheAccounts === undefined) return [];
  const { all, other } = cacheAccounts;
  const points = (kinds: readonly K[], account: CacheAccount, attributes: Readonly<Record<string, string>>) =>
    kinds.map((kind) => ({ attributes: { ...attributes, [attribute]: kind }, value: countsOf(account.counts)[kind] }));
  if (tier === 'core') return points(ofEach, all, {});
  return [
    ...cacheAccounts.named.flatMap((account) => points(ofEach, account, named(account))),
    ...points(ofEach, other, OTHERS),
    ...points(ofAll, all, OTHERS),
  ];
}

function reclaimPoints(
  totals: readonly ReclaimTotal[],
  tier: Tier,
  bytes: 'promisedBytes' | 'freedBytes',
): NumberPoint[] {
  const values = totals.map((total) => [total.reclaimer, total[bytes]] as const);
  return namedSums('plimsoll.reclaimer', values, tier, MAX_RECLAIMERS);
}

/** `core`: one sum, and none of nothing. */
function namedSums(
  attribute: string,
  values: readonly (readonly [string, number])[],
  tier: Tier,
  max: number,
): NumberPoint[] {
  if (tier === 'core') return boundedSums(values, 1).map(([, value]) => ({ attributes: {}, value }));
  return boundedSums(values, max).map(([name, value]) => ({ attributes: { [attribute]: name }, value }));
}

const CACHES: readonly Metric[] = [
  {
    name: 'plimsoll.cache.entries',
    kind: 'gauge',
    unit: '{entry}',
    description: 'Entries of the cache',
    tier: 'full',
    compute: (snapshot, tier) => gaugePoints(snapshot, tier, ({ entries }) => entries),
  },
  {
    name: 'plimsoll.cache.size',
    kind: 'gauge',
    unit: 'By',
    description: 'What the cache holds: by `sizeOf`, by its own account, or estimated from entries that were looked at',
    tier: 'core',
    compute: (snapshot, tier) =>
      gaugePoints(
        snapshot,
        tier,
        ({ bytes }) => bytes,
        ({ sizeSource }) => (sizeSource === undefined ? {} : { [SIZE_SOURCE]: sizeSource }),
      ),
  },
  {
    name: 'plimsoll.cache.limit',
    kind: 'gauge',
    unit: '{entry}',
    description: "Most entries the cache may hold: its owner's maximum, or less while the pressure lasts",
    tier: 'full',
    compute: (snapshot, tier) => gaugePoints(snapshot, tier, ({ limitEntries }) => limitEntries),
  },
  {
    name: 'plimsoll.cache.operations',
    kind: 'counter',
    unit: '{operation}',
    description: 'Look-ups in the cache, where it counts them',
    tier: 'core',
    compute: (snapshot, tier) =>
      countPoints(snapshot, tier, RESULT, { ofEach: NAMED_RESULTS, ofAll: UNNAMED_RESULTS }, (counts) => counts),
  },
  {
    name: 'plimsoll.cache.evictions',
    kind: 'counter',
    unit: '{entry}',
    description: 'Entries that left the cache; `pressure`: to give memory back',
    tier: 'core',
    compute: (snapshot, tier) =>
      countPoints(
        snapshot,
        tier,
        REASON,
        { ofEach: NAMED_REASONS, ofAll: UNNAMED_REASONS },
        (counts) => counts.evictions,
      ),
  },
];

export const GIVEN_BACK_METRICS: readonly Metric[] = [
  ...CACHES,
  {
    name: 'plimsoll.reclaim.promised',
    kind: 'counter',
    unit: 'By',
    description: 'What caches and reclaimers said they gave back',
    tier: 'core',
    compute: ({ reclaimed }, tier) => reclaimPoints(reclaimed, tier, 'promisedBytes'),
  },
  {
    name: 'plimsoll.reclaim.freed',
    kind: 'counter',
    unit: 'By',
    description: 'What a garbage collection showed of it',
    tier: 'core',
    compute: ({ reclaimed }, tier) => reclaimPoints(reclaimed, tier, 'freedBytes'),
  },
  {
    name: 'plimsoll.shed',
    kind: 'counter',
    unit: '{request}',
    description: 'Requests that were refused because of the pressure',
    tier: 'core',
    compute: ({ shed }, tier) =>
      namedSums(
        'plimsoll.shed.point',
        shed.map(({ point, count }) => [point, count] as const),
        tier,
        MAX_SHED_POINTS,
      ),
  },
  {
    name: 'plimsoll.adaptive.value',
    kind: 'gauge',
    unit: '{unit}',
    description: 'Value of an adaptive number at this moment',
    tier: 'full',
    compute: ({ adaptives }) =>
      [...new Map(adaptives.map(({ name, value }) => [name, value]))]
        .slice(0, MAX_ADAPTIVES)
        .map(([name, value]) => ({ attributes: { 'plimsoll.adaptive.name': name }, value })),
  },
];
