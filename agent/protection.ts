/**
 * What gives memory back, joined: handlers, caches and reclaimers, adaptive values, shedding, captures. What the application registered
 * lives as long as the agent; what the options decide is made anew for each run.
 */
import { createCaptures } from './capture/index.ts';
import type { Options } from './config/options.ts';
import { createPolicy, createReclaimPolicy } from './config/presets.ts';
import { createCacheRegistry, type CacheRegistry } from '../instrumentation/caches/index.ts';
import type { ImportedModules } from '../instrumentation/discovery/imports.ts';
import { createDiscovery } from '../instrumentation/discovery/index.ts';
import { createCollector } from '../instrumentation/heap/collector.ts';
import { installHttpShedding } from '../instrumentation/http/shed.ts';
import type { ActionStep } from './model/action.ts';
import type { Assessment } from './model/assessment.ts';
import type { AgentEvent, CaptureKind } from './model/event.ts';
import { LEVELS, levelName, type Level } from './model/level.ts';
import type { Problem } from './model/problem.ts';
import type { Reclaimer, ReclaimOutcome } from './model/reclaim.ts';
import { COL, type Row } from './model/row.ts';
import type { Snapshot } from './model/snapshot.ts';
import type { Window } from './model/window.ts';
import { createByHand } from './respond/by-hand.ts';
import { createAdaptives, type Adaptives } from './respond/adaptive.ts';
import { createCacheAccounts } from './respond/cache-accounts.ts';
import { createCallbacks, type Callbacks } from './respond/callbacks.ts';
import { createActionCounts } from './respond/counts.ts';
import { createAskedLevel } from './respond/reclaim/asked-level.ts';
import { createReclaim } from './respond/reclaim/index.ts';
import { createResponder } from './respond/responder.ts';
import { createReusable } from './respond/reusable.ts';
import { roomBytes } from './respond/room.ts';
import { createShedding, type Shedding } from './respond/shedding.ts';
import { reclaimTargetBytes } from './respond/target.ts';
import type { Clock } from './sample/clock.ts';

/** Longest part of a tick that trimming caches to their caps may take, ms. */
const TRIM_MS = 2;
/** How long freed memory is room for who waits for it, and how long no reason to evict more. */
const ROOM_REMEMBERED_MS = 60_000;
const EPISODE_REMEMBERED_MS = 600_000;
/** Replicas of one service reach a level together; they should not all collect garbage in the same moment. */
const MAX_JITTER_MS = 50;

export interface ProtectionParts {
  readonly clock: Clock;
  /** undefined: imports are not followed. */
  readonly imports: ImportedModules | undefined;
  onProblem(problem: Problem): void;
  onEvent(event: AgentEvent): void;
}

export interface ProtectedRun {
  readonly options: Options;
  /** Where captures go. */
  readonly dataDirectory: string;
  readonly window: Window;
  snapshot(): Snapshot;
  /** Mode is `protect`. */
  acts(): boolean;
}

export interface Protection {
  readonly callbacks: Callbacks;
  readonly caches: CacheRegistry;
  readonly adaptives: Adaptives;
  readonly shedding: Shedding;
  registerReclaimer(reclaimer: Reclaimer): () => void;
  begin(run: ProtectedRun): ActiveProtection;
  /** With what was done. Caches are looked at when they are asked for: most who want a snapshot want its row only. */
  snapshot(of: Pick<Snapshot, 'row' | 'identity' | 'tellsSurroundings' | 'degraded' | 'deaths'>): Snapshot;
}

/** Of one run. */
export interface ActiveProtection {
  /** The step of the flow. */
  respond(previous: Level, assessment: Assessment, row: Row): void;
  targetBytes(level: Level, row: Row): number;
  /** Bytes until `high`; in `observe` there is no end to them, since nobody is held up. */
  roomBytes(assessment: Assessment): number;
  /** By hand. */
  reclaim(targetBytes: number, level: Level): Promise<ReclaimOutcome>;
  /** By hand: the file, or why there is none. */
  capture(kind: CaptureKind): Promise<{ readonly path: string; readonly bytes: number } | string>;
  onMajorCollection(durationMs: number): void;
  stop(): void;
}

export function createProtection({ clock, imports, onProblem, onEvent }: ProtectionParts): Protection {
  const { monotonicMs, setTimer, wallMs } = clock;
  const counts = createActionCounts();
  const callbacks = createCallbacks({ wallMs, monotonicMs, setTimer, counts, onProblem, onEvent });
  const caches = createCacheRegistry({ monotonicMs, wallMs, onProblem });
  const accounts = createCacheAccounts();
  const adaptives = createAdaptives({ counts, onProblem, onEvent });
  const shedding = createShedding({ counts, random: Math.random, monotonicMs, onEvent });
  const reclaimers = new Map<Reclaimer, () => void>();
  let reclaim: ReturnType<typeof createReclaim> | undefined;

  function begin({ options, dataDirectory, window, snapshot, acts }: ProtectedRun): ActiveProtection {
    const policy = createReclaimPolicy(options);
    const thresholds = createPolicy(options);
    const reusable = createReusable(ROOM_REMEMBERED_MS);
    const inside = createReusable(EPISODE_REMEMBERED_MS);
    const askedLevelOf = createAskedLevel();
    const collector = createCollector({ isAllowed: options.gc === 'auto', monotonicMs });
    const ours = createReclaim({
      caches: () => (options.reclaim === 'off' ? [] : caches.followed(options.reclaim === 'auto')),
      collector,
      policy,
      insideBytes: inside.bytes,
      monotonicMs,
      setTimer,
      onProblem,
    });
    reclaim = ours;
    for (const reclaimer of reclaimers.keys()) reclaimers.set(reclaimer, ours.register(reclaimer));
    const discovery =
      options.reclaim === 'off'
        ? undefined
        : createDiscovery({
            imports,
            mayWatchReads: options.reclaim === 'auto',
            found: caches.discover,
            setTimer,
          });
    const captures = createCaptures({
      kind: options.capture,
      directory: dataDirectory,
      quotaBytes: options.captureQuotaBytes,
      window,
      snapshot,
      predictMajorMs: () => collector.predictMs('major'),
      monotonicMs,
      wallMs,
      onEvent,
    });
    const byHand = Object.entries(captures.byHand ?? {}).map(
      ([kind, action]) => [kind, createByHand(action, { counts, monotonicMs, setTimer, onEvent })] as const,
    );
    /** The latest. */
    let latest: ActionStep | undefined;
    const responder = createResponder({
      actions: [...(options.reclaim === 'off' ? [] : [ours.action]), ...captures.actions],
      counts,
      jitterMs: Math.random() * MAX_JITTER_MS,
      monotonicMs,
      setTimer,
      onProblem,
      onEvent,
    });
    const takeOffShedding =
      options.shed === 'http'
        ? installHttpShedding({
            exempt: options.shedExempt,
            shouldShed: () => shedding.shouldShed('http'),
            retryAfterSeconds: shedding.retryAfterSeconds,
          })
        : () => {};

    function targetBytes(level: Level, row: Row): number {
      return reclaimTargetBytes(level, row[COL.processRssBytes] ?? Number.NaN, policy.targets);
    }

    return {
      respond(previous, assessment, row) {
        const act = acts();
        const { level, atMs } = assessment;
        const step: ActionStep = { previous, assessment, row, targetBytes: targetBytes(level, row) };
        const untilMs = monotonicMs() + TRIM_MS;
        latest = step;
        reusable.observe(row, atMs);
        inside.observe(row, atMs);
        adaptives.respond(level, atMs, act);
        shedding.respond(assessment, thresholds, act);
        if (level > previous) discovery?.lookHard();
        callbacks.respond(previous, assessment, step.targetBytes, act);
        if (act) caches.tick(() => monotonicMs() >= untilMs);
        ours.tick(
          levelName(askedLevelOf(assessment, inside.bytes())),
          headroomOf(assessment, inside.bytes()),
          level === 0,
        );
        responder.respond(step, act);
      },
      targetBytes,
      roomBytes: (assessment) => (acts() ? roomBytes(assessment, thresholds, reusable.bytes()) : Infinity),
      reclaim: (bytes, level) => ours.reclaim(bytes, LEVELS[level], acts()),
      async capture(kind) {
        const ask = byHand.find(([known]) => known === kind)?.[1];
        if (ask === undefined) return 'PLIMSOLL_CAPTURE is off';
        if (latest === undefined) return 'nothing was sampled yet';
        const { written, detail } = await ask(latest, acts());
        return written ?? detail;
      },
      onMajorCollection: collector.observe,
      stop() {
        responder.stop();
        captures.stop();
        discovery?.stop();
        ours.stop();
        takeOffShedding();
        adaptives.rest();
        shedding.rest();
        if (reclaim === ours) reclaim = undefined;
      },
    };
  }

  return {
    callbacks,
    caches,
    adaptives,
    shedding,
    registerReclaimer(reclaimer) {
      reclaimers.set(reclaimer, reclaim?.register(reclaimer) ?? (() => {}));
      return () => {
        reclaimers.get(reclaimer)?.();
        reclaimers.delete(reclaimer);
      };
    },
    begin,
    snapshot(of) {
      let cacheAccounts: Snapshot['cacheAccounts'];
      return {
        ...of,
        actions: counts.list(),
        get caches() {
          return caches.statuses();
        },
        get cacheAccounts() {
          return (cacheAccounts ??= accounts.update(caches.statuses()));
        },
        reclaimed: reclaim?.totals() ?? [],
        shed: shedding.counts(),
        adaptives: adaptives.states(),
      };
    },
  };
}

function headroomOf({ headroomBytes, binding }: Assessment, insideBytes: number): number | undefined {
  const isOutside = binding !== 'heap' && binding !== 'worker';
  return headroomBytes === undefined ? undefined : headroomBytes + (isOutside ? insideBytes : 0);
}
