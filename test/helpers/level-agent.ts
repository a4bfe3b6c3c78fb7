/** An agent that is nothing but a level: real callbacks and a real cache registry, and reclaimers that the test asks itself. */
import { createActionCounts } from '../../agent/respond/counts.ts';
import { createCallbacks } from '../../agent/respond/callbacks.ts';
import { IDLE_ASSESSMENT, IDLE_STATUS, type AgentHandle } from '../../agent/model/handle.ts';
import type { Level } from '../../agent/model/level.ts';
import type { Reclaimer } from '../../agent/model/reclaim.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createCacheRegistry } from '../../instrumentation/caches/index.ts';

type LevelHandle = Pick<AgentHandle, 'status' | 'onPressure' | 'registerCache' | 'registerReclaimer' | 'caches'>;

export interface LevelAgent {
  readonly handle: AgentHandle;
  readonly reclaimers: ReadonlySet<Reclaimer>;
  /** `act` false: as in `observe`. */
  enter(level: Level, act?: boolean): void;
}

export function createLevelAgent(): LevelAgent {
  const onProblem = (): void => {};
  const callbacks = createCallbacks({ ...systemClock, counts: createActionCounts(), onProblem, onEvent() {} });
  const registry = createCacheRegistry({ ...systemClock, onProblem });
  const reclaimers = new Set<Reclaimer>();
  let level: Level = 0;
  const handle: LevelHandle = {
    status: () => ({ ...IDLE_STATUS, available: true, mode: 'protect', assessment: { ...IDLE_ASSESSMENT, level } }),
    onPressure: callbacks.subscribe,
    registerCache: registry.register,
    caches: registry.statuses,
    registerReclaimer(reclaimer) {
      reclaimers.add(reclaimer);
      return () => reclaimers.delete(reclaimer);
    },
  };
  return {
    handle: handle as AgentHandle,
    reclaimers,
    enter(to, act = true) {
      const previous = level;
      level = to;
      callbacks.respond(previous, { ...IDLE_ASSESSMENT, level, atMs: performance.now() }, 0, act);
    },
  };
}
