/** The sources of the agent, in the order they are read. To add one: a file beside this, and a line here. */
import type { Source, World } from '../../agent/model/source.ts';
import { createBudgetSource } from './budget.ts';
import { createCgroupSource } from './cgroup.ts';
import { createEventLoopSource } from './event-loop.ts';
import { createGcSource } from './gc.ts';
import { createHostSource } from './host.ts';
import { createProcessSource } from './process.ts';
import { createV8Source } from './v8.ts';
import { createWorkerThreadsSource, type WorkerThreadsParts } from './worker-threads.ts';

export { nodeRuntime } from './runtime.ts';

export interface Sources {
  readonly sources: readonly Source[];
  /** The sampler tells how late its timer fired, ms: the event-loop source's raw material. */
  readonly recordLateness: (ms: number) => void;
}

/**
 * Opening all of them takes several ms, finding the cgroup most of it: `pause` gives the loop back between two.
 */
export async function createSources(
  world: World,
  workers?: Pick<WorkerThreadsParts, 'threads' | 'setTimer'>,
  pause = (): Promise<void> => Promise.resolve(),
  onMajorCollection: (durationMs: number) => void = () => {},
): Promise<Sources> {
  const cgroup = createCgroupSource(world);
  await pause();
  const v8 = createV8Source(world);
  const gc = createGcSource(world, (durationMs) => {
    v8.noteMajorCollection();
    onMajorCollection(durationMs);
  });
  await pause();
  const eventLoop = createEventLoopSource(world);
  return {
    sources: [
      v8,
      gc,
      createWorkerThreadsSource(world, workers && { ...workers, mainLimitBytes: v8.oldLimitBytes }),
      eventLoop,
      createProcessSource(world),
      createBudgetSource(world),
      cgroup,
      createHostSource(world),
    ],
    recordLateness: (ms) => eventLoop.recordLateness(ms),
  };
}
