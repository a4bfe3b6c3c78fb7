/** Distributions of OpenTelemetry and tracers of vendors, as people preload them; each in its folder of test/apps. */

export interface Vendor {
  readonly name: string;
  /** Folder of test/apps. */
  readonly app: string;
  /** Node.js options that preload it, per loader; none: the vendor does not support that way. */
  readonly preload: Readonly<Partial<Record<'require' | 'import', readonly string[]>>>;
  readonly env: Readonly<Record<string, string>>;
  /** Whether it has a MeterProvider that exports, which Plimsoll joins. Without one there is the Prometheus endpoint. */
  readonly isJoined: boolean;
  /** Of the metrics that both could emit, those of which it is the one. */
  readonly keeps: RegExp | undefined;
}

/** No look-ups of cloud metadata: they wait for networks that are not there. */
const DETECTORS = { OTEL_NODE_RESOURCE_DETECTORS: 'env,process,serviceinstance' };
const DATADOG = {
  OTEL_TRACES_EXPORTER: 'otlp',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_STARTUP_LOGS: 'false',
};
const DATADOG_PRELOAD = { require: ['-r', 'dd-trace/init'], import: ['--import', 'dd-trace/initialize.mjs'] };

export const VENDORS: readonly Vendor[] = [
  {
    name: 'auto-instrumentations-node 0.82',
    app: 'auto',
    preload: {
      require: ['-r', '@opentelemetry/auto-instrumentations-node/register'],
      import: ['--import', '@opentelemetry/auto-instrumentations-node/register'],
    },
    env: DETECTORS,
    isJoined: true,
    keeps: /^(v8js|nodejs)\./,
  },
  {
    name: '@elastic/opentelemetry-node 1.18',
    app: 'elastic',
    preload: {
      require: ['-r', '@elastic/opentelemetry-node'],
      import: ['--import', '@elastic/opentelemetry-node'],
    },
    env: { ...DETECTORS, OTEL_LOG_LEVEL: 'warn' },
    isJoined: true,
    keeps: /^(v8js|nodejs)\.|^process\.memory\.usage/,
  },
  {
    name: '@splunk/otel 4.7',
    app: 'splunk',
    preload: {
      require: ['-r', '@splunk/otel/instrument'],
      import: ['--import', '@splunk/otel/instrument.js'],
    },
    env: { ...DETECTORS, SPLUNK_METRICS_ENABLED: 'true' },
    isJoined: true,
    keeps: undefined,
  },
  {
    name: 'dd-trace 6.21, metrics by OTel',
    app: 'dd-trace',
    preload: DATADOG_PRELOAD,
    env: { ...DATADOG, DD_METRICS_OTEL_ENABLED: 'true', DD_RUNTIME_METRICS_ENABLED: 'true' },
    isJoined: true,
    keeps: /^(v8js|nodejs)\./,
  },
  {
    name: 'dd-trace 6.21',
    app: 'dd-trace',
    preload: DATADOG_PRELOAD,
    env: DATADOG,
    isJoined: false,
    keeps: undefined,
  },
];

export type Loader = 'require' | 'import' | 'node-options';
export type Order = 'ours first' | 'theirs first';

export interface VendorCell {
  readonly vendor: Vendor;
  readonly loader: Loader;
  readonly order: Order;
}

/** Every vendor × loader × order; short: each vendor as its users mostly load it, in both orders. */
export function vendorCells(isShort: boolean): readonly VendorCell[] {
  const loaders: readonly Loader[] = isShort ? ['require'] : ['require', 'import', 'node-options'];
  return VENDORS.flatMap((vendor) =>
    loaders.flatMap((loader) => (['ours first', 'theirs first'] as const).map((order) => ({ vendor, loader, order }))),
  );
}
