/**
 * Rows of what sends to a collector, and of a cluster. They are measured later and longer than the others: a process is left alone by
 * OTLP and by the join for its first 10 s.
 */
import { fileURLToPath } from 'node:url';

import { appIn, install } from '../../../scripts/install-apps.ts';
import type { Receiver } from './receiver.ts';
import { AGENT, PLAIN_HTTP, type Variant } from './variants.ts';

const SDK_3 = fileURLToPath(new URL('apps/sdk-3.cjs', import.meta.url));

/** Past the first 10 s, and then time to settle. */
type Later = Required<Pick<Variant, 'settleMs' | 'watchMs'>>;
const LATER: Later = { settleMs: 30_000, watchMs: 15_000 };
const LATER_SHORT: Later = { settleMs: 18_000, watchMs: 13_000 };

export interface OtlpVariants {
  readonly plain: Variant;
  /** As the environment has it without an interval: 60 s. */
  readonly otlp: Variant;
  readonly otlpEverySecond: Variant;
  /** None when the application's packages are not installed. */
  readonly joined: readonly Variant[];
  readonly all: readonly Variant[];
  /** Names of the receiver at which ours must have arrived. */
  readonly sending: readonly string[];
}

export function otlpVariants(receiver: Receiver, isShort: boolean): OtlpVariants {
  const later = isShort ? LATER_SHORT : LATER;
  const plain: Variant = { ...PLAIN_HTTP, name: `plain Node, after ${later.settleMs / 1000} s`, ...later };
  const ours = { app: 'http', whose: 'ours', preload: ['-r', AGENT], scraped: false, base: plain, ...later } as const;
  const otlpAt = (name: string, interval: Readonly<Record<string, string>>) => () => ({
    PLIMSOLL_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint(name),
    ...interval,
  });
  const otlp: Variant = { ...ours, name: 'plimsoll, OTLP', env: otlpAt('otlp', {}) };
  const otlpEverySecond: Variant = {
    ...ours,
    name: 'plimsoll, OTLP every second',
    env: otlpAt('otlp-1s', { OTEL_METRIC_EXPORT_INTERVAL: '1000' }),
  };
  const sdk = sdkVariants(receiver, later);
  return {
    plain,
    otlp,
    otlpEverySecond,
    joined: sdk.slice(1),
    all: [plain, otlp, otlpEverySecond, ...sdk, ...clusterVariants(later)],
    sending: ['otlp', 'otlp-1s', ...(sdk.length === 0 ? [] : ['joined'])],
  };
}

/** An application that has its own SDK, and the same with Plimsoll in it. */
function sdkVariants(receiver: Receiver, later: Later): readonly [Variant, Variant] | readonly [] {
  try {
    install('otel-3');
  } catch (error) {
    console.error(`joining an application is left out: ${(error as Error).message}`);
    return [];
  }
  const { folder } = appIn('otel-3');
  const envAt = (name: string) => () => ({
    BENCH_PACKAGES: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint(name),
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  });
  const base: Variant = {
    name: 'OpenTelemetry SDK 3, own metrics every second',
    app: 'http',
    whose: 'nobody',
    preload: ['-r', SDK_3],
    scraped: false,
    env: envAt('sdk'),
    ...later,
  };
  const joined: Variant = {
    ...base,
    name: 'plimsoll joined to it',
    whose: 'ours',
    preload: ['-r', AGENT, '-r', SDK_3],
    base,
    env: envAt('joined'),
  };
  return [base, joined];
}

/** Mean of its five processes. */
function clusterVariants(later: Later): readonly Variant[] {
  const rest = { app: 'cluster', scraped: true, idleOnly: true, ...later } as const;
  const base: Variant = {
    ...rest,
    name: 'plain Node, cluster of 4',
    whose: 'nobody',
    preload: [],
    env: () => ({}),
    scraped: false,
  };
  const ours: Variant = {
    ...rest,
    name: 'plimsoll, cluster of 4, one endpoint',
    whose: 'ours',
    preload: ['-r', AGENT],
    base,
    env: ({ metricsPort }) => ({ PLIMSOLL_EXPORTER: 'prometheus', PLIMSOLL_LISTEN: `127.0.0.1:${metricsPort}` }),
  };
  return [base, ours];
}
