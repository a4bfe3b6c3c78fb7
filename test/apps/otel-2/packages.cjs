// What the application has of OpenTelemetry, by require.
module.exports = {
  major: 2,
  api: require('@opentelemetry/api'),
  logs: require('@opentelemetry/api-logs').logs,
  sdkNode: require('@opentelemetry/sdk-node'),
  sdkMetrics: require('@opentelemetry/sdk-metrics'),
  sdkLogs: require('@opentelemetry/sdk-logs'),
  sdkTrace: require('@opentelemetry/sdk-trace-base'),
  metricsExporter: require('@opentelemetry/exporter-metrics-otlp-http'),
  logsExporter: require('@opentelemetry/exporter-logs-otlp-http'),
  traceExporter: require('@opentelemetry/exporter-trace-otlp-http'),
  prometheusExporter: require('@opentelemetry/exporter-prometheus'),
  hostMetrics: require('@opentelemetry/host-metrics'),
  instrumentations: {
    http: require('@opentelemetry/instrumentation-http').HttpInstrumentation,
    dns: require('@opentelemetry/instrumentation-dns').DnsInstrumentation,
    net: require('@opentelemetry/instrumentation-net').NetInstrumentation,
    fs: require('@opentelemetry/instrumentation-fs').FsInstrumentation,
    runtime: require('@opentelemetry/instrumentation-runtime-node').RuntimeNodeInstrumentation,
  },
};
