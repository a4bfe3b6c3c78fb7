/** Holds still, and tells what the agent's newest sample says each time a line comes. */
import { monitor } from 'plimsoll';

import { given, tell } from './told.mjs';

globalThis.ballast = Buffer.alloc(given.ballastBytes, 1);
while (!monitor.status().available) await new Promise((resolve) => setTimeout(resolve, 20));
await new Promise((resolve) => setTimeout(resolve, 3_000));
tell({ ready: true });
process.stdin.on('data', () => {
  const { processRssBytes, processVirtualBytes } = monitor.status().sample;
  tell({ processRssBytes, processVirtualBytes });
});
process.stdin.on('end', () => process.exit(0));
