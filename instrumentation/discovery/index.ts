/**
 * Finds the caches of this process without the application's help: it looks for half a second every ten, at first more often, and a cache that something is
 * put into meanwhile has shown itself. Nothing is kept of what it sees but the cache, weakly.
 *
 * Reads are left alone. To watch them but once, by the class's method or by the diagnostics channel of `lru-cache`, makes every later one
 * slower: V8 no longer knows what a call will reach. So this is done only when memory runs short, where nothing was found otherwise.
 *
 * Not found: a class that was not loaded as a module of its own, as in bundles and under Jest, unless by the channel; one that an ES
 * module imports, unless imports are followed (imports.ts).
 */
import type { ImportedModules } from './imports.ts';
import type { Library } from './libraries.ts';
import { followLoaded } from './modules.ts';
import { watchMethod, type WatchedMethod } from './prototypes.ts';

const LOOK_MS = 500;
const PAUSE_MS = 9500;
/** An application may load its caches late in its start: the first pauses are short, each twice as long as the one before. */
const FIRST_PAUSE_MS = 1000;
/** New ones in one look: an application that makes a cache for each request is not followed through all of them. */
const MAX_FOUND = 100;

/** Of `lru-cache` from version 11.3 on, wherever its code lies. */
const CHANNEL = 'lru-cache:metrics';

export interface DiscoveryParts {
  /** undefined: imports are not followed. */
  readonly imports: ImportedModules | undefined;
  /** Whether reads may be watched when memory runs short. */
  readonly mayWatchReads: boolean;
  found(cache: object, library: string): void;
  setTimer(callback: () => void, ms: number): () => void;
}

export interface Discovery {
  /** Memory runs short: what fills it may be new, or not have been found yet. */
  lookHard(): void;
  stop(): void;
}

interface Class {
  readonly puts: WatchedMethod;
  readonly reads: WatchedMethod;
  isFound: boolean;
}

export function createDiscovery({ imports, mayWatchReads, found, setTimer }: DiscoveryParts): Discovery {
  const channels = process.getBuiltinModule('node:diagnostics_channel');
  const classes = new Map<object, Class>();
  const known = new WeakSet();
  let isLooking = false;
  let isLookingHard = false;
  let isLruFound = false;
  let foundNow = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let cancelTimer = (): void => {};

  /** Within a call of the application: it may not fail, and is over at once. */
  function meet(instance: unknown, library: string): boolean {
    if (typeof instance !== 'object' || instance === null || known.has(instance) || foundNow >= MAX_FOUND) return false;
    known.add(instance);
    foundNow++;
    if (library === 'lru-cache') isLruFound = true;
    try {
      found(instance, library);
    } catch {} // a cache that nobody understands
    return true;
  }

  /** It has keys and values of the application too. */
  function onMessage(message: unknown): void {
    if (typeof message === 'object' && message !== null && 'cache' in message) meet(message.cache, 'lru-cache');
  }

  function follow(prototype: object, library: Library): Class {
    const seen = (instance: unknown): void => {
      if (meet(instance, library.name)) one.isFound = true;
    };
    const one: Class = {
      puts: watchMethod(prototype, library.puts, seen),
      reads: watchMethod(prototype, library.reads, seen),
      isFound: false,
    };
    return one;
  }

  const loaded = followLoaded({
    imports,
    onPrototype(prototype, library) {
      if (classes.has(prototype)) return;
      const one = follow(prototype, library);
      classes.set(prototype, one);
      if (isLooking) one.puts.open();
      if (isLookingHard) one.reads.open();
    },
  });

  function look(): void {
    rest();
    isLooking = true;
    foundNow = 0;
    cancelTimer();
    cancelTimer = setTimer(pause, LOOK_MS);
    for (const { puts } of classes.values()) puts.open();
    loaded.look();
  }

  function lookHard(): void {
    look();
    if (!mayWatchReads) return;
    isLookingHard = true;
    for (const { reads, isFound } of classes.values()) if (!isFound) reads.open();
    if (!isLruFound) channels.subscribe(CHANNEL, onMessage);
  }

  function rest(): void {
    isLooking = false;
    isLookingHard = false;
    channels.unsubscribe(CHANNEL, onMessage);
    for (const { puts, reads } of classes.values()) {
      puts.close();
      reads.close();
    }
  }

  function pause(): void {
    rest();
    cancelTimer = setTimer(look, pauseMs);
    pauseMs = Math.min(PAUSE_MS, pauseMs * 2);
  }

  look();
  return {
    lookHard,
    stop() {
      cancelTimer();
      rest();
    },
  };
}
