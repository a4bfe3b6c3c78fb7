/**
 * A pressure cache and the agent of its process, when there is one. Its steps are its whole answer to a level, so the reclaimer may not
 * evict from it beside them (priority `never`); what a step took is owed to the reclaimer, which collects and verifies it.
 */
import type { CacheContract } from '../../agent/model/cache.ts';
import type { AgentHandle } from '../../agent/model/handle.ts';
import { LEVELS, type Level } from '../../agent/model/level.ts';
import type { Maximum } from './pressure-cache-maximum.ts';
import type { MemoryTier } from './pressure-cache-memory.ts';

/** Longest part of a turn that shrinking takes, ms. */
const SLICE_MS = 4;
const BETWEEN_SLICES_MS = 1;

export interface AttachmentParts {
  readonly name: string;
  /** false: it is seen, and keeps its size. */
  readonly adapts: boolean;
  readonly contract: CacheContract;
  readonly memory: Pick<MemoryTier<unknown>, 'entries' | 'bytes' | 'shrink' | 'evictOne'>;
  readonly maximum: Maximum;
  readonly disk: { suspend(): void; resume(): void } | undefined;
  findAgent(): AgentHandle | undefined;
  monotonicMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
}

export interface Attachment {
  /** An agent may come, go and be replaced: asked at each put. */
  refresh(): void;
  detach(): void;
}

export function createAttachment(parts: AttachmentParts): Attachment {
  const { name, adapts, contract, memory, maximum, disk, findAgent, monotonicMs, setTimer } = parts;
  let agent: AgentHandle | undefined;
  let takeBack: readonly (() => void)[] = [];
  let cancelSlice = (): void => {};
  let level: Level = 0;
  /** Evicted by a step, and not yet told to the reclaimer. */
  let owedBytes = 0;

  function shrink(): void {
    const untilMs = monotonicMs() + SLICE_MS;
    cancelSlice();
    owedBytes += memory.shrink(maximum.now(), () => monotonicMs() >= untilMs).bytes;
    if (memory.entries() > maximum.now()) cancelSlice = setTimer(shrink, BETWEEN_SLICES_MS);
  }

  function enter(to: Level): void {
    level = to;
    maximum.enter(to);
    if (to >= 2) disk?.suspend();
    else disk?.resume();
    if (to > 0) shrink();
    else owedBytes = 0;
  }

  /** At a level a step is all it gives; by hand at normal it gives what is asked for. */
  function give(targetBytes: number): number {
    const bytes = owedBytes;
    owedBytes = 0;
    if (level > 0 || bytes >= targetBytes) return bytes;
    const share = Math.min(1, (targetBytes - bytes) / Math.max(1, memory.bytes()));
    const untilMs = monotonicMs() + SLICE_MS;
    return bytes + memory.shrink(Math.floor(memory.entries() * (1 - share)), () => monotonicMs() >= untilMs).bytes;
  }

  function attach(to: AgentHandle): void {
    const seen = to.registerCache(contract, { name, priority: 'never' });
    if (!adapts) {
      takeBack = [seen];
      return;
    }
    const told = to.onPressure('change', (notice) => enter(LEVELS.indexOf(notice.level) as Level), {
      name: `shrink-${name}`,
    });
    const asked = to.registerReclaimer({
      name,
      priority: 'first',
      bytes: () => (level > 0 ? owedBytes : memory.bytes()),
      reclaim: ({ targetBytes }) => give(targetBytes),
    });
    takeBack = [seen, told, asked];
    const { mode, assessment } = to.status();
    if (mode === 'protect' && assessment.level > 0) enter(assessment.level);
  }

  function detach(): void {
    for (const undo of takeBack) undo();
    takeBack = [];
    agent = undefined;
    cancelSlice();
  }

  return {
    refresh() {
      const found = findAgent();
      if (found === agent) return;
      detach();
      if (level > 0) enter(0); // the agent that said otherwise is gone
      agent = found;
      if (found !== undefined) attach(found);
    },
    detach,
  };
}
