/** A service that has something to say in every metric: near its budget, growing slowly, its garbage collected. */
import { setTimeout as delay } from 'node:timers/promises';

import { startNode, type RunningNode, type RunOptions } from './run-node.ts';

export const WATCHED_BUDGET_BYTES = 192 * 2 ** 20;

/** RSS to begin with: over the first threshold of the budget, so that there is a level to tell of. */
const HELD_BYTES = 0.72 * WATCHED_BUDGET_BYTES;

/** Grows by half a megabyte a second, so that there is a time to the limit. Ends with its stdin. */
const PROGRAM = `
  const kept = [];
  const hold = (bytes) => kept.push(Buffer.alloc(bytes, 1));
  while (process.memoryUsage.rss() < ${HELD_BYTES}) hold(1 << 20);
  setTimeout(gc, 2000); // when the agent is there to see it
  const growth = setInterval(hold, 100, 50_000);
  process.stdin.resume().on('end', () => clearInterval(growth));
`;

export function startWatchedApp(env: Readonly<Record<string, string>>, shellBefore?: string): RunningNode {
  const options: RunOptions = {
    args: ['--expose-gc', '-e', PROGRAM],
    env: { PLIMSOLL_PROCESS_BUDGET: `${WATCHED_BUDGET_BYTES}`, OTEL_METRIC_EXPORT_INTERVAL: '500', ...env },
    timeoutMs: 60_000,
  };
  return startNode(shellBefore === undefined ? options : { ...options, shellBefore });
}

/** Runs `check` until it throws no more, as receivers tell nobody when they have taken something; at last throws what it threw. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs: number): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await delay(200);
  }
}
