// What an application does with its OpenTelemetry packages, whatever their major version: start, replace, stop.
'use strict';

/** SDK 1.x reads it for the reader that it makes itself only. */
const intervalMs = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000);

exports.createTelemetry = function createTelemetry(packages) {
  const { major, api, logs, sdkNode, instrumentations } = packages;
  let sdk;

  function start() {
    const metricReader = readerOf(packages);
    const logRecordProcessor = new packages.sdkLogs.BatchLogRecordProcessor(
      ...(major > 1
        ? [{ exporter: new packages.logsExporter.OTLPLogExporter() }]
        : [new packages.logsExporter.OTLPLogExporter()]),
    );
    const spanProcessor = new packages.sdkTrace.BatchSpanProcessor(
      ...(major === 3
        ? [{ exporter: new packages.traceExporter.OTLPTraceExporter() }]
        : [new packages.traceExporter.OTLPTraceExporter()]),
    );
    sdk = new sdkNode.NodeSDK({
      serviceName: 'shop',
      spanProcessors: [spanProcessor],
      logRecordProcessors: [logRecordProcessor],
      ...(major === 1 ? { metricReader } : { metricReaders: [metricReader] }),
      instrumentations: instrumentationsOf(instrumentations),
    });
    sdk.start();
    // so that there is something to export from the start
    api.metrics.getMeter('app', '1.0').createCounter('app.starts').add(1);
    if (isWanted('host'))
      new packages.hostMetrics.HostMetrics({ meterProvider: api.metrics.getMeterProvider() }).start();
  }

  async function stop() {
    await sdk?.shutdown();
    for (const part of [api.trace, api.metrics, api.context, api.propagation, logs]) part.disable();
  }

  return {
    api,
    logs,
    start,
    stop,
    async restart() {
      await stop();
      start();
    },
  };
};

/** APP_INSTRUMENTATIONS=http,dns,host */
function isWanted(name) {
  return (process.env.APP_INSTRUMENTATIONS ?? '').split(',').includes(name);
}

function instrumentationsOf(instrumentations) {
  return Object.entries(instrumentations)
    .filter(([name]) => isWanted(name))
    .map(([, Instrumentation]) => new Instrumentation());
}

function readerOf({ sdkMetrics, metricsExporter, prometheusExporter }) {
  const port = process.env.APP_PROMETHEUS_PORT;
  if (port !== undefined) return new prometheusExporter.PrometheusExporter({ host: '127.0.0.1', port: Number(port) });
  return new sdkMetrics.PeriodicExportingMetricReader({
    exporter: new metricsExporter.OTLPMetricExporter(),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(intervalMs, 30_000),
  });
}
