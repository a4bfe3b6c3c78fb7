import type { Action } from '../model/action.ts';
import { sizeText, type CaptureFolder } from './folder.ts';
import type { HeapSampler } from './heap-sampler.ts';
import type { CaptureWorld } from './index.ts';
import { isYoung } from './young.ts';

/** Reading a profile forces a full collection; budgets.md: none predicted over 200 ms is taken by default. */
const MAX_PAUSE_MS = 200;
/** A sampler that began just now has seen nothing of what the heap holds. */
const MIN_SAMPLED_MS = 1000;

/** From `elevated` on, so that at `critical` there is something to read. It goes on until the agent stops. */
export function createStartHeapSampling({ predictMajorMs }: CaptureWorld, sampler: HeapSampler): Action {
  let isRefused = false;
  return {
    name: 'start-heap-sampling',
    from: 'elevated',
    budget: { coolDownMs: 10_000, count: 6, windowMs: 3_600_000, timeMs: 1000 },
    plan: ({ row }) =>
      isRefused || isYoung(row) || sampler.sinceMs() !== undefined ? undefined : 'start to sample the heap',
    run() {
      // if somebody else samples, asking for it reads the other's profile
      const pauseMs = predictMajorMs();
      if (pauseMs > MAX_PAUSE_MS) return { outcome: 'skipped', detail: tooLong('looking for another profiler') };
      const refused = sampler.start();
      isRefused = refused !== undefined;
      return refused === undefined
        ? { outcome: 'done', detail: 'samples the heap, one allocation in 512 KiB' }
        : { outcome: 'skipped', detail: `does not sample the heap: ${refused}` };
    },
  };
}

export function createWriteHeapProfile(world: CaptureWorld, sampler: HeapSampler, folder: CaptureFolder): Action {
  const { snapshot, predictMajorMs, monotonicMs } = world;
  return {
    name: 'write-heap-profile',
    from: 'critical',
    budget: { coolDownMs: 1000, count: 1, windowMs: 900_000, timeMs: 10_000 },
    plan: ({ row }) => (isYoung(row) ? undefined : 'write a heap profile'),
    async run(_step, signal) {
      const sinceMs = sampler.sinceMs();
      const why =
        sinceMs === undefined
          ? 'the heap is not sampled'
          : monotonicMs() - sinceMs < MIN_SAMPLED_MS
            ? 'sampling began just now'
            : predictMajorMs() > MAX_PAUSE_MS
              ? tooLong('reading it')
              : undefined;
      if (why !== undefined) return { outcome: 'skipped', detail: `no heap profile: ${why}` };
      const text = sampler.read();
      if (text === undefined) {
        return { outcome: 'skipped', detail: 'no heap profile: another profiler has stopped the sampling' };
      }
      const kept = await folder.write('profile', snapshot().identity.serviceInstanceId, text, signal);
      if (typeof kept === 'string') return { outcome: 'skipped', detail: `no heap profile: ${kept}` };
      return { outcome: 'done', detail: `wrote ${kept.path}, ${sizeText(kept.bytes)}`, written: kept };
    },
  };
}

/** Without figures: the same reason is told once. */
function tooLong(what: string): string {
  return `${what} would hold up the event loop for more than ${MAX_PAUSE_MS} ms`;
}
