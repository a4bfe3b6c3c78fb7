// prom-client's default metrics behind an HTTP endpoint, as its README shows.
const { createServer } = require('node:http');
const client = require('prom-client');

client.collectDefaultMetrics();
createServer((_request, response) => {
  client.register.metrics().then(
    (text) => response.setHeader('Content-Type', client.register.contentType).end(text),
    (error) => response.writeHead(500).end(String(error)),
  );
})
  .listen(Number(process.env.BENCH_METRICS_PORT), '127.0.0.1')
  .unref();
