/**
 * The public API: a thin façade over the agent of this process. Without an agent every call is a cheap no-op that
 * answers as at `normal`.
 */
import {
  findAgent,
  IDLE_STATUS,
  IDLE_TREND,
  MANUAL_START,
  type HistoryQuery,
  type PressureHandler,
  type PressureHandlerOptions,
  type PressureTopic,
  type Status,
  type Trend,
} from './model/handle.ts';
import { chunksOfBytes, chunksOfItems, type AdaptiveChunksOptions, type ByteSource } from './api/chunks.ts';
import type { AdaptiveOptions, AdaptiveValue } from './model/adaptive.ts';
import type { CacheOptions, CacheStatus } from './model/cache.ts';
import { agentFailed, problem, problemLine } from './model/problem.ts';
import { NOTHING_RECLAIMED, type Reclaimer, type ReclaimOutcome } from './model/reclaim.ts';
import type { HistoryRow } from './model/window.ts';
import type { StartOptions } from './model/start-options.ts';

export type { AdaptiveChunksOptions, ByteSource } from './api/chunks.ts';
export { waitForHeadroom, type HeadroomOptions } from './api/headroom.ts';
export { headroomTransform, type HeadroomTransformOptions } from './api/headroom-transform.ts';
export type { AdaptiveOptions, AdaptiveStep, AdaptiveValue } from './model/adaptive.ts';
export type { Assessment, ConstraintAssessment, Reason, Weight } from './model/assessment.ts';
export type { CacheContract, CacheEntry, CacheOptions, CacheStatus, Priority } from './model/cache.ts';
export type { Constraint } from './model/constraint.ts';
export type {
  HistoryQuery,
  PressureHandler,
  PressureHandlerOptions,
  PressureNotice,
  PressureTopic,
  Status,
  Trend,
} from './model/handle.ts';
export type { Level, LevelName } from './model/level.ts';
export type { Reclaimer, ReclaimOutcome, ReclaimRequest, ReclaimShare } from './model/reclaim.ts';
export type { Degradation, Mode, Outcome } from './model/snapshot.ts';
export type { HistoryRow, Resolution } from './model/window.ts';
export type { StartOptions } from './model/start-options.ts';

/** What the preload exports; nothing on a Node.js that is too old for it, which it says itself. */
interface Preload {
  launch?(overrides: StartOptions): unknown;
}

/**
 * Starts the agent, for those who cannot preload it. A running agent stays as it is. It never throws: bad options, or an
 * agent that is not to be found, are one coded line on stderr each.
 */
export function start(options: StartOptions = {}): void {
  if (findAgent() !== undefined) return;
  const owner = process as unknown as Record<symbol, unknown>;
  owner[MANUAL_START] = true;
  try {
    loadPreload()?.launch?.(options);
  } catch (error) {
    process.stderr.write(`${agentFailed(error)}\n`);
  } finally {
    delete owner[MANUAL_START];
  }
}

/** Beside this file, or, when a bundler has put this file into an application, where npm installed it. */
function loadPreload(): Preload | undefined {
  // neither `import` nor `require`: bundlers would follow them, and a bundle that is a module has no require and no __filename
  const { createRequire } = process.getBuiltinModule('node:module');
  const load = createRequire(typeof __filename === 'string' ? __filename : (process.argv[1] ?? process.execPath));
  for (const place of ['./register.cjs', 'plimsoll/register']) {
    try {
      return load(place) as Preload;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  const repair = 'Must be preloaded (node -r plimsoll/register), installed, or its register.cjs beside the bundle';
  const found = problem(
    'PLM_AGENT_MISSING',
    `start() found no agent: plimsoll is in a bundle. ${repair}. Nothing starts.`,
  );
  process.stderr.write(`${problemLine(found)}\n`);
  return undefined;
}

/** Releases every timer, file and listener of the agent. Resolves when all are gone; a no-op without an agent. */
export async function stop(): Promise<void> {
  await findAgent()?.stop();
}

/** What the agent knows. Nothing here throws; without an agent everything answers as at `normal`. */
export const monitor = {
  /** Assessment and latest sample as plain data. */
  status: (): Status => findAgent()?.status() ?? IDLE_STATUS,
  /** Rows of the in-process window, oldest first: 1 s × 10 min, 10 s × 2 h, 60 s × 48 h. */
  history: (query?: HistoryQuery): readonly HistoryRow[] => findAgent()?.history(query) ?? [],
  /** Mean pressure, a ratio, over the last `ms`. */
  averagePressure: (ms: number): number => findAgent()?.averagePressure(ms) ?? 0,
  trend: (): Trend => findAgent()?.trend() ?? IDLE_TREND,
  /** Level is elevated or worse. */
  isUnderPressure: (): boolean => (findAgent()?.status().assessment.level ?? 0) >= 1,
  isCritical: (): boolean => findAgent()?.status().assessment.level === 3,
  /** Bytes it would help to give back now; 0 at normal. */
  reclaimTargetBytes: (): number => findAgent()?.reclaimTargetBytes() ?? 0,
  /** Gives memory back now; default target: `reclaimTargetBytes()`. Resolves with what was promised, measured, and what it cost; never rejects. */
  reclaim: async ({ targetBytes }: { readonly targetBytes?: number } = {}): Promise<ReclaimOutcome> =>
    (await findAgent()?.reclaim(targetBytes)) ?? NOTHING_RECLAIMED,
  /** Every cache that is registered or was found. */
  caches: (): readonly CacheStatus[] => findAgent()?.caches() ?? [],
};

/**
 * Calls `handler` once when the level rises to `topic` or past it, and again each minute while that lasts; on
 * `change` at any change; on `exit` when the level is back at normal. Handlers run alone: one that throws, rejects
 * or overruns its time is counted, named in a line on stderr, and stops nobody else. Returns what unsubscribes it.
 */
export function onPressure(
  topic: PressureTopic,
  handler: PressureHandler,
  options?: PressureHandlerOptions,
): () => void {
  return findAgent()?.onPressure(topic, handler, options) ?? (() => undefined);
}

/** Asks `reclaimer` when memory is needed, by its priority. What it promises is verified. Returns what takes it back. */
export function registerReclaimer(reclaimer: Reclaimer): () => void {
  return findAgent()?.registerReclaimer(reclaimer) ?? (() => undefined);
}

/**
 * Lets the agent take entries of `cache` when memory is needed, and shows it in the metrics: an `lru-cache`, `quick-lru`, `node-cache`,
 * `keyv`, `cacheable`, `cache-manager`, a Map, or anything with `CacheContract`. Returns what takes it back.
 */
export function registerCache(cache: unknown, options: CacheOptions): () => void {
  return findAgent()?.registerCache(cache, options) ?? (() => undefined);
}

/** A number that shrinks with pressure down to `min` and recovers after it; without an agent it is `initial`. */
export function adaptive(name: string, options: AdaptiveOptions): AdaptiveValue {
  return findAgent()?.adaptive(name, options) ?? { value: options.initial, dispose() {} };
}

/**
 * What `source` gives, in chunks of `initial` items or bytes, which shrink with pressure down to `min`: same content, same order. The source
 * is anything iterable, a stream too. It is closed when its reader stops early.
 */
export function adaptiveChunks(
  source: ByteSource,
  options: AdaptiveChunksOptions & { readonly by: 'bytes' },
): AsyncGenerator<Buffer, void>;
export function adaptiveChunks<T>(
  source: Iterable<T> | AsyncIterable<T>,
  options: AdaptiveChunksOptions & { readonly by: 'items' },
): AsyncGenerator<T[], void>;
export function adaptiveChunks(
  source: ByteSource | Iterable<unknown> | AsyncIterable<unknown>,
  options: AdaptiveChunksOptions,
): AsyncGenerator<unknown, void> {
  return options.by === 'bytes'
    ? chunksOfBytes(source as ByteSource, options)
    : chunksOfItems(source as Iterable<unknown>, options);
}

/** Whether to refuse a piece of work now: never up to `high`, more often the nearer to the limit. */
export function shouldShed(point = 'default'): boolean {
  return findAgent()?.shouldShed(point) ?? false;
}
