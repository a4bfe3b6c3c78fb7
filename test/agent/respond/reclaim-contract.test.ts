/** Reclaim as an action, with a real cache to ask and no collection to wait for. */
import { createReclaimPolicy } from '../../../agent/config/presets.ts';
import { createReclaim } from '../../../agent/respond/reclaim/index.ts';
import { systemClock } from '../../../agent/sample/clock.ts';
import { createCacheRegistry } from '../../../instrumentation/caches/index.ts';
import { createCollector } from '../../../instrumentation/heap/collector.ts';
import { actionContract, type ActionUnderTest } from '../../contracts/action.ts';

const { monotonicMs, setTimer } = systemClock;

function reclaimOf(entries: number): ActionUnderTest {
  const cache = new Map(Array.from({ length: entries }, (_, key) => [key, 'x'.repeat(10_000)]));
  const caches = createCacheRegistry({ ...systemClock, onProblem: () => {} });
  if (entries > 0) caches.register(cache, { name: 'thumbnails' });
  const { action, totals } = createReclaim({
    caches: () => caches.followed(false),
    collector: createCollector({ isAllowed: false, monotonicMs }),
    policy: createReclaimPolicy({
      reclaimPolicy: 'conservative',
      reclaimTargets: undefined,
      reclaimCoolDownMs: undefined,
    }),
    insideBytes: () => 0,
    monotonicMs,
    setTimer,
    onProblem: () => {},
  });
  return { action, state: () => [cache.size, totals()] };
}

actionContract({ create: () => reclaimOf(2_000), createIdle: () => reclaimOf(0) });
