// OpenTelemetry host metrics and runtime metrics behind its Prometheus exporter, as their READMEs show.
const { HostMetrics } = require('@opentelemetry/host-metrics');
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
const { MeterProvider } = require('@opentelemetry/sdk-metrics');

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.BENCH_METRICS_PORT) });
const meterProvider = new MeterProvider({ readers: [exporter] });
registerInstrumentations({ meterProvider, instrumentations: [new RuntimeNodeInstrumentation()] });
new HostMetrics({ meterProvider }).start();
