const { monitor, onPressure } = require('plimsoll');

const hasAgent = process.env.PLIMSOLL_DIR !== undefined && require('node:worker_threads').isMainThread;

test('inside the vm context of a test the façade finds the agent of its process, or answers as at normal', async () => {
  const unsubscribe = onPressure('change', () => {});
  for (let attempts = 0; hasAgent && !monitor.status().available && attempts < 80; attempts++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(monitor.status().available).toBe(hasAgent);
  expect(monitor.isUnderPressure()).toBe(false);
  expect(Array.isArray(monitor.history())).toBe(true);
  unsubscribe();
});
