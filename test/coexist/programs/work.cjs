// Something of everything that telemetry is made of, always the same.
'use strict';

exports.work = async function work({ http, fs, dns, api, logs }) {
  const meter = api.metrics.getMeter('app', '1.0');
  const orders = meter.createCounter('app.orders', { unit: '{order}', description: 'Orders placed' });
  const sizes = meter.createHistogram('app.order.size', { unit: 'By' });
  const queue = meter.createObservableGauge('app.queue', { unit: '{order}' });
  queue.addCallback((result) => result.observe(7, { queue: 'first' }));
  const tracer = api.trace.getTracer('app', '1.0');
  const logger = logs?.getLogger('app', '1.0');

  const server = http.createServer((request, response) => {
    fs.readFile(__filename, () => {
      tracer.startActiveSpan('place order', { attributes: { 'order.kind': 'test' } }, (span) => {
        orders.add(1, { kind: 'test' });
        sizes.record(100);
        logger?.emit({ severityNumber: 9, severityText: 'INFO', body: 'order placed', attributes: { kind: 'test' } });
        span.addEvent('placed');
        span.end();
        response.end('ok');
      });
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (let i = 0; i < 3; i++) await get(http, server.address().port);
  await new Promise((resolve) => dns.lookup('localhost', resolve));
  await new Promise((resolve) => server.close(resolve));
};

function get(http, port) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/orders', agent: false };
    http.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}
