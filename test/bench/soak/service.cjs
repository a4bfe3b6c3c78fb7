// A small HTTP service under the soak: some garbage for each request, nothing kept. Each line of its stdin is answered by a line with what
// only the process itself can count, all of it after a collection.
const { createServer } = require('node:http');
const { createInterface } = require('node:readline');
const v8 = require('node:v8');

const Timeout = setTimeout(() => {}, 0).constructor;
process.report.excludeNetwork = true;

const server = createServer((_request, response) => {
  const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `row ${id}` }));
  response.end(JSON.stringify(rows));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

createInterface({ input: process.stdin })
  .on('line', () => {
    const timers = v8.queryObjects(Timeout, { format: 'count' }); // of any kind, unref'd ones too
    globalThis.gc();
    const heapBytes = process.memoryUsage().heapUsed;
    const handles = process.report.getReport().libuv.filter(({ type }) => type !== 'loop').length;
    console.log(JSON.stringify({ heapBytes, handles, timers }));
  })
  .once('close', () => process.exit());
