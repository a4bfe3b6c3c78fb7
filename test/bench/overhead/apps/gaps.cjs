// An HTTP service that watches its own event loop: a tight setImmediate loop, and the longest times between two turns of it.
const { writeSync } = require('node:fs');
const { createServer } = require('node:http');

const watchMs = Number(process.env.BENCH_WATCH_MS);
const server = createServer((_request, response) => {
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  writeSync(1, 'listening\n');
});

const startMs = performance.now();
let lastMs = startMs;
let firstMs = 0;
let laterMs = 0;

function turn() {
  const nowMs = performance.now();
  const gapMs = nowMs - lastMs;
  // the first turn ends with Node's own work (5 ms of it): it must not hide a shorter block later
  if (firstMs === 0) firstMs = gapMs;
  else if (gapMs > laterMs) laterMs = gapMs;
  lastMs = nowMs;
  if (nowMs - startMs < watchMs) {
    setImmediate(turn);
    return;
  }
  writeSync(1, `gaps ${JSON.stringify({ firstMs, laterMs })}\n`);
}
setImmediate(turn);
