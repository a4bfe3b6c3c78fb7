// Four workers that are the idle HTTP service; it speaks when all of them listen.
const cluster = require('node:cluster');
const { writeSync } = require('node:fs');

const WORKERS = 4;
if (cluster.isPrimary) {
  writeSync(1, 'first line\n');
  let listening = 0;
  cluster.on('listening', () => {
    listening += 1;
    if (listening === WORKERS) writeSync(1, 'listening\n');
  });
  for (let worker = 0; worker < WORKERS; worker += 1) cluster.fork();
} else {
  require('node:http')
    .createServer((_request, response) => {
      response.end('ok');
    })
    .listen(0, '127.0.0.1');
}
