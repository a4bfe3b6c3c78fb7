// An idle HTTP service. Lines go out through fs, since process.stdout on a pipe would load `net` first.
const { writeSync } = require('node:fs');
writeSync(1, 'first line\n');
const { createServer } = require('node:http');

const server = createServer((_request, response) => {
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  writeSync(1, 'listening\n');
});
