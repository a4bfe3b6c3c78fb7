/** The caches of a process and what was given back, as its ring file's note tells, or its metrics: names in `full`, sums in both tiers. */
import { prometheusLabel, prometheusName } from '../../exporters/prometheus-name.ts';
import { OTHER, type Attributes } from '../model/metric.ts';
import type { CacheCounts } from '../model/cache.ts';
import { METRICS } from '../model/metrics.ts';
import type { RingNote } from '../model/note.ts';
import type { Sample } from './prometheus-text.ts';
import { bytesText, jsonNumber, ratioText } from './text.ts';

/** NaN: not told. */
export interface CacheNumbers {
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly pressureEvictions: number;
}

export interface NamedCache extends CacheNumbers {
  readonly name: string;
  readonly library: string;
  readonly sizeSource: string;
  readonly entries: number;
  readonly limitEntries: number;
}

export interface CacheView {
  readonly all: CacheNumbers;
  /** Empty in the metrics of `core`. */
  readonly named: readonly NamedCache[];
  readonly promisedBytes: number;
  readonly freedBytes: number;
  readonly shedRequests: number;
}

const NAME = 'plimsoll.cache.name';

export function cacheViewOf(samples: readonly Sample[]): CacheView {
  const named = find(samples, 'plimsoll.cache.size').filter(({ labels }) => {
    const name = labels[prometheusLabel(NAME)];
    return name !== undefined && name !== OTHER;
  });
  return {
    all: numbersOf(samples, {}),
    named: named.map(({ labels }) => namedOf(samples, labels)),
    promisedBytes: total(samples, 'plimsoll.reclaim.promised'),
    freedBytes: total(samples, 'plimsoll.reclaim.freed'),
    shedRequests: total(samples, 'plimsoll.shed'),
  };
}

export function cacheViewOfNote({ caches, cacheAccounts, reclaimed, shed }: RingNote): CacheView {
  const all = cacheAccounts?.all;
  return {
    all: all === undefined ? NOT_TOLD : { bytes: all.bytes, ...countsOf(all.counts) },
    named: caches.map(({ name, library, sizeSource, entries, bytes, limit, capEntries, counts }) => ({
      name,
      library,
      sizeSource,
      entries,
      limitEntries: lowest(limit.entries, capEntries),
      bytes,
      ...countsOf(counts),
    })),
    promisedBytes: sumOf(reclaimed.map(({ promisedBytes }) => promisedBytes)),
    freedBytes: sumOf(reclaimed.map(({ freedBytes }) => freedBytes)),
    shedRequests: sumOf(shed.map(({ count }) => count)),
  };
}

const NOT_TOLD: CacheNumbers = {
  bytes: Number.NaN,
  hits: Number.NaN,
  misses: Number.NaN,
  pressureEvictions: Number.NaN,
};

function countsOf({ hit, miss, evictions }: CacheCounts): Omit<CacheNumbers, 'bytes'> {
  return { hits: hit, misses: miss, pressureEvictions: evictions.pressure };
}

/** NaN: neither limits it. */
function lowest(a: number | undefined, b: number | undefined): number {
  const limit = Math.min(a ?? Infinity, b ?? Infinity);
  return limit === Infinity ? Number.NaN : limit;
}

/** NaN: of nothing. */
function sumOf(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0);
}

function numbersOf(samples: readonly Sample[], which: Attributes): CacheNumbers {
  const operations = (result: string): number =>
    total(samples, 'plimsoll.cache.operations', { ...which, 'plimsoll.cache.result': result });
  return {
    bytes: total(samples, 'plimsoll.cache.size', which),
    hits: operations('hit'),
    misses: operations('miss'),
    pressureEvictions: total(samples, 'plimsoll.cache.evictions', { ...which, 'plimsoll.eviction.reason': 'pressure' }),
  };
}

function namedOf(samples: readonly Sample[], labels: Sample['labels']): NamedCache {
  const label = (attribute: string): string => labels[prometheusLabel(attribute)] ?? '';
  const which = { [NAME]: label(NAME) };
  return {
    name: label(NAME),
    library: label('plimsoll.cache.library'),
    sizeSource: label('plimsoll.cache.size_source'),
    entries: total(samples, 'plimsoll.cache.entries', which),
    limitEntries: total(samples, 'plimsoll.cache.limit', which),
    ...numbersOf(samples, which),
  };
}

function find(samples: readonly Sample[], metric: string): readonly Sample[] {
  const known = METRICS.find(({ name }) => name === metric);
  return known === undefined ? [] : samples.filter(({ name }) => name === prometheusName(known));
}

/** NaN: no such series. */
function total(samples: readonly Sample[], metric: string, which: Attributes = {}): number {
  const values = find(samples, metric)
    .filter(({ labels }) => Object.entries(which).every(([name, value]) => labels[prometheusLabel(name)] === value))
    .map(({ value }) => value);
  return sumOf(values);
}

/** null: the process was found by its ring file, and the agent that writes it knows no notes. */
export function cacheJson(view: CacheView | undefined) {
  if (view === undefined) return null;
  const { all, named, ...givenBack } = view;
  return {
    ...numbersJson(all),
    promisedBytes: jsonNumber(givenBack.promisedBytes),
    freedBytes: jsonNumber(givenBack.freedBytes),
    shedRequests: jsonNumber(givenBack.shedRequests),
    caches: named.map(({ name, library, sizeSource, entries, limitEntries, ...numbers }) => ({
      name,
      library,
      sizeSource,
      entries: jsonNumber(entries),
      limitEntries: jsonNumber(limitEntries),
      ...numbersJson(numbers),
    })),
  };
}

function numbersJson({ bytes, hits, misses, pressureEvictions }: CacheNumbers) {
  return {
    bytes: jsonNumber(bytes),
    hits: jsonNumber(hits),
    misses: jsonNumber(misses),
    hitRatio: jsonNumber(hits / (hits + misses)),
    pressureEvictions: jsonNumber(pressureEvictions),
  };
}

/** For `--verbose`. */
export function cacheLines(view: CacheView | undefined): readonly string[] {
  if (view === undefined) return ['  caches    not in ring files of that agent; --url asks the metrics endpoint'];
  const { all, named, promisedBytes, freedBytes, shedRequests } = view;
  const isOne = !Number.isNaN(all.bytes);
  return [
    `  caches    ${isOne ? `${numbersText(all)}${named.length > 0 ? '' : ' (names with PLIMSOLL_METRICS=full)'}` : 'none'}`,
    ...named.map(
      (cache) =>
        `    ${cache.name}  ${cache.library}  ${entriesText(cache)}, ${numbersText(cache)} (${cache.sizeSource})`,
    ),
    ...(Number.isNaN(promisedBytes)
      ? []
      : [`  reclaim   ${bytesText(promisedBytes)} promised, ${bytesText(freedBytes)} freed`]),
    ...(Number.isNaN(shedRequests) ? [] : [`  shed      ${shedRequests} requests`]),
  ];
}

function entriesText({ entries, limitEntries }: NamedCache): string {
  return `${entries} entries${Number.isNaN(limitEntries) ? '' : ` of ${limitEntries}`}`;
}

function numbersText({ bytes, hits, misses, pressureEvictions }: CacheNumbers): string {
  const parts = [bytesText(bytes)];
  if (!Number.isNaN(hits)) parts.push(`${ratioText(hits / (hits + misses))} hits`);
  if (pressureEvictions > 0) parts.push(`${pressureEvictions} evicted under pressure`);
  return parts.join(', ');
}
