/** Beside the service, for the eyes of whoever watches: tells the demo of levels, of collections that were forced, and what is cached. */
import { constants, PerformanceObserver } from 'node:perf_hooks';

import { monitor, onPressure } from 'plimsoll';

const forced = { collections: 0, totalMs: 0, longestMs: 0 };

new PerformanceObserver((list) => {
  for (const { detail, duration } of list.getEntries()) {
    const { flags } = /** @type {{ flags: number }} */ (detail);
    if ((flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) continue;
    forced.collections += 1;
    forced.totalMs += duration;
    forced.longestMs = Math.max(forced.longestMs, duration);
  }
}).observe({ entryTypes: ['gc'] });

/** @param {object} message */
function tell(message) {
  if (process.connected) process.send?.(message);
}

onPressure('change', ({ level, previous, assessment }) => tell({ kind: 'level', level, previous, assessment }));

process.on('message', () => {
  tell({ kind: 'facts', forced, caches: monitor.caches(), status: monitor.status(), history: monitor.history() });
});
process.channel?.unref();
