import { isMainThread } from 'node:worker_threads';

import { monitor, onPressure } from 'plimsoll';
import { expect, test } from 'vitest';

// preloaded by -r, Vitest's processes have no agent
const hasAgent = process.env.NODE_OPTIONS?.includes('register') === true && isMainThread;

test('inside a test the façade finds the agent of its process, or answers as at normal', async () => {
  const unsubscribe = onPressure('change', () => {});
  for (let attempts = 0; hasAgent && !monitor.status().available && attempts < 80; attempts++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(monitor.status().available).toBe(hasAgent);
  expect(monitor.isUnderPressure()).toBe(false);
  unsubscribe();
});
