/** The caches of this process: those the application registered and those that were found. */
import {
  PRIORITIES,
  type CacheContract,
  type CacheOptions,
  type CacheStatus,
  type FollowedCache,
} from '../../agent/model/cache.ts';
import { problem, type Problem } from '../../agent/model/problem.ts';
import { has, type Adapted, type Adapter, type AdapterParts } from './adapter.ts';
import { ADAPTERS } from './adapters.ts';
import { describe, GONE } from './care.ts';
import { createFollowed, type Followed } from './followed.ts';
import { createNames, OTHER } from './names.ts';
import { together } from './together.ts';

export interface CacheRegistryParts {
  monotonicMs(): number;
  /** ms since the epoch. */
  wallMs(): number;
  onProblem(problem: Problem): void;
  /** Default: those of the libraries that are supported. */
  readonly adapters?: readonly Adapter[];
}

export interface CacheRegistry {
  /** A supported cache, or anything with `CacheContract`. */
  register(cache: unknown, options: CacheOptions): () => void;
  /** Found by itself; held weakly. */
  discover(cache: object, library: string): void;
  /** Registered ones, and discovered ones too where `discovered`. */
  followed(discovered: boolean): readonly FollowedCache[];
  statuses(): readonly CacheStatus[];
  /** At each sample: evicts what is above a cap, until `isTimeUp`. */
  tick(isTimeUp: () => boolean): void;
}

/** Longest part of a sample that looking at caches may take; the rest of them have their turn at the next. */
const REFRESH_MS = 0.05;

interface Entry {
  readonly isDiscovered: boolean;
  readonly followed: Followed;
  /** undefined: it was collected. */
  store(): object | undefined;
  restore?(): void;
}

export function createCacheRegistry(parts: CacheRegistryParts): CacheRegistry {
  const { monotonicMs, wallMs, onProblem, adapters = ADAPTERS } = parts;
  const entries = new Set<Entry>();
  /** The same as an array, until one comes or goes. */
  let list: readonly Entry[] | undefined;
  const byStore = new WeakMap<object, Entry>();
  const names = createNames(onProblem);
  const numbers = new Map<string, number>();
  const refreshing = createTurns<Entry>();
  const trimming = createTurns<Entry>();

  function remove(entry: Entry): void {
    if (!entries.delete(entry)) return;
    list = undefined;
    const store = entry.store();
    if (store !== undefined && byStore.get(store) === entry) byStore.delete(store);
    names.release(entry.followed.name);
    try {
      entry.restore?.();
    } catch {
      // frozen meanwhile: it goes on counting
    }
  }

  function add(entry: Entry, store: object): void {
    entries.add(entry);
    list = undefined;
    byStore.set(store, entry);
    entry.followed.refresh();
  }

  function inOrder(): readonly Entry[] {
    list ??= [...entries];
    return list;
  }

  function living(): readonly Entry[] {
    for (const entry of inOrder()) if (entry.store() === undefined) remove(entry);
    return inOrder();
  }

  function refreshOne(entry: Entry): void {
    if (entry.store() === undefined) remove(entry);
    else entry.followed.refresh();
  }

  function register(cache: unknown, given: CacheOptions): () => void {
    const looked = adapt(cache, adapters, { monotonicMs, wallMs, mayCount: false });
    // what was put on it before is taken off before it is put on again
    const before = typeof looked === 'string' ? undefined : byStore.get(looked.store);
    if (before !== undefined) remove(before);
    const adapted =
      typeof looked === 'string' ? looked : adapt(cache, adapters, { monotonicMs, wallMs, mayCount: true });
    if (typeof adapted === 'string') {
      onProblem(problem('PLM_CACHE_UNSUPPORTED', `registerCache was given ${adapted}. The cache is not followed.`));
      return () => {};
    }
    const { contract, store, restore } = adapted;
    const { library } = contract;
    const options = checked(given, library, onProblem);
    const followed = createFollowed({
      ...options,
      name: names.take(options.name),
      library,
      isDiscovered: false,
      contract: () => contract,
      monotonicMs,
      onProblem,
    });
    const entry: Entry = { isDiscovered: false, followed, store: () => store, ...(restore && { restore }) };
    add(entry, store);
    return () => remove(entry);
  }

  function discover(cache: object): void {
    const adapted = adapt(cache, adapters, { monotonicMs, wallMs, mayCount: false });
    if (typeof adapted === 'string' || byStore.has(adapted.store)) return;
    const { library } = adapted.contract;
    const number = (numbers.get(library) ?? 0) + 1;
    numbers.set(library, number);
    const held = new WeakRef(adapted.store);
    // the contract refers to the cache: it lives as long as the cache, and no longer
    const contracts = new WeakMap<object, CacheContract>([[adapted.store, adapted.contract]]);
    const followed = createFollowed({
      name: names.take(`${library}-${number}`),
      library,
      priority: adapters.some((adapter) => adapter.library === library && adapter.isStorage) ? 'never' : 'normal',
      isDiscovered: true,
      contract() {
        const store = held.deref();
        const contract = store && contracts.get(store);
        if (contract === undefined) throw GONE;
        return contract;
      },
      monotonicMs,
      onProblem,
    });
    add({ isDiscovered: true, followed, store: () => held.deref() }, adapted.store);
  }

  return {
    register,
    discover,
    followed: (discovered) =>
      living()
        .filter(({ isDiscovered }) => discovered || !isDiscovered)
        .map(({ followed }) => followed),
    statuses() {
      const untilMs = monotonicMs() + REFRESH_MS;
      refreshing(inOrder(), refreshOne, () => monotonicMs() >= untilMs);
      const named: CacheStatus[] = [];
      const others: CacheStatus[] = [];
      for (const { followed } of inOrder()) (followed.name === OTHER ? others : named).push(followed.latest());
      return others.length === 0 ? named : [...named, together(others)];
    },
    tick(isTimeUp) {
      const capped = inOrder().filter(({ followed }) => followed.isCapped());
      trimming(capped, ({ followed }) => followed.trim(isTimeUp), isTimeUp);
    },
  };
}

function adapt(cache: unknown, adapters: readonly Adapter[], parts: AdapterParts): Adapted | string {
  if (typeof cache !== 'object' || cache === null)
    return `${cache === null ? 'null' : `a ${typeof cache}`}, must be a cache`;
  try {
    const adapter = adapters.find(({ recognizes }) => recognizes(cache));
    if (adapter !== undefined) return adapter.adapt(cache, parts);
    if (has(cache, 'entries', 'limit', 'ownBytes', 'sample', 'evict', 'counts')) {
      const own = cache as CacheContract;
      const isNamed = typeof own.library === 'string' && own.library !== '';
      return isNamed ? { store: own, contract: own } : 'a CacheContract whose library is no text';
    }
    const known = adapters.map(({ library }) => library).join(', ');
    return `an object that is none of ${known}, and has not the methods of CacheContract`;
  } catch (error) {
    return `an object that cannot be looked at (${describe(error)})`;
  }
}

/** What JavaScript callers get wrong is told, and replaced. */
function checked(
  { name, priority = 'normal', sizeOf, costOf }: CacheOptions,
  library: string,
  onProblem: (problem: Problem) => void,
) {
  const wrong = (what: string, instead: string): void =>
    onProblem(problem('PLM_CACHE_OPTION', `registerCache was called with ${what}. ${instead} is used.`));
  const isName = typeof name === 'string' && name !== '';
  if (!isName) wrong('no name, must be a text that is not empty', `"${library}"`);
  const isPriority = PRIORITIES.includes(priority);
  if (!isPriority) wrong(`the priority ${describe(priority)}, must be one of ${PRIORITIES.join(', ')}`, 'normal');
  return {
    name: isName ? name : library,
    priority: isPriority ? priority : 'normal',
    ...(typeof sizeOf === 'function' && { sizeOf }),
    ...(typeof costOf === 'function' && { costOf }),
  } as const;
}

/** Each of them in turn, as far as the time goes; the next call begins where this one ended. */
function createTurns<T>() {
  let next = 0;
  return (all: readonly T[], visit: (one: T) => void, isTimeUp: () => boolean): void => {
    for (let visited = 0; visited < all.length; visited++) {
      const one = all[next++ % all.length];
      if (one !== undefined) visit(one);
      if (isTimeUp()) return;
    }
  };
}
