/** The sources of the agent, in the order they are read. To add one: a file beside this, and a line here. */
import type { Source, World } from '../../agent/model/source.ts';
import { createBudgetSource } from './budget.ts';
import { createCgroupSource } from './cgroup.ts';
import { createEventLoopSource } from './event-loop.ts';
import { createGcSource } from './gc.ts';
import { createHostSource } from './host.ts';
import { createProcessSource } from './process.ts';
import { createV8Source } from './v8.ts';

export interface Sources {
  readonly sources: readonly Source[];
  /** The sampler tells how late its timer fired, ms: the event-loop source's raw material. */
  readonly recordLateness: (ms: number) => void;
}

export function createSources(world: World): Sources {
  const v8 = createV8Source(world);
  const eventLoop = createEventLoopSource(world);
  return {
    sources: [
      v8,
      createGcSource(world, () => v8.noteMajorCollection()),
      eventLoop,
      createProcessSource(world),
      createBudgetSource(world),
      createCgroupSource(world),
      createHostSource(world),
    ],
    recordLateness: (ms) => eventLoop.recordLateness(ms),
  };
}
