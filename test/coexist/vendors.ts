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

/** Modules of Node.js that an ES module imports by name are patched by a loader only. */
const ESM_LOADER = ['--experimental-loader', '@opentelemetry/instrumentation/hook.mjs'];
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
      import: [...ESM_LOADER, '--import', '@opentelemetry/auto-instrumentations-node/register'],
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
      import: [...ESM_LOADER, '--import', '@splunk/otel/instrument.js'],
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

/** `join`: the vendor's MeterProvider. The others beside it, where our own traffic could show. */
export type Exporter = 'join' | 'prometheus' | 'otlp';

export interface VendorCell {
  readonly vendor: Vendor;
  readonly loader: Loader;
  readonly order: Order;
  readonly exporter: Exporter;
}

/** Every vendor × loader × order, and each exporter once; short: one loader. */
export function vendorCells(isShort: boolean): readonly VendorCell[] {
  const loaders: readonly Loader[] = isShort ? ['require'] : ['require', 'import', 'node-options'];
  const orders: readonly Order[] = ['ours first', 'theirs first'];
  return VENDORS.flatMap((vendor) => {
    const exporter = usualExporter(vendor);
    const others = (['prometheus', 'otlp'] as const).filter((other) => other !== exporter);
    return [
      ...loaders.flatMap((loader) => orders.map((order): VendorCell => ({ vendor, loader, order, exporter }))),
      ...others.map((other): VendorCell => ({ vendor, loader: 'require', order: 'theirs first', exporter: other })),
    ];
  });
}

export function usualExporter(vendor: Vendor): Exporter {
  return vendor.isJoined ? 'join' : 'prometheus';
}
