// Preloaded: OpenTelemetry's SDK 3 with the runtime's metrics, exported over OTLP as the environment says, as its README shows.
const { createRequire } = require('node:module');

const from = createRequire(`${process.env.BENCH_PACKAGES}/`);
const { RuntimeNodeInstrumentation } = from('@opentelemetry/instrumentation-runtime-node');
const { NodeSDK } = from('@opentelemetry/sdk-node');

new NodeSDK({ instrumentations: [new RuntimeNodeInstrumentation()] }).start();
