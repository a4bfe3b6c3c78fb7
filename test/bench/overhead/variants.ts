/** What is measured side by side: a row is the same small program with something preloaded. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

import { PEERS } from './peers.ts';

/** `warm`: the HTTP service after V8 has compiled something, as in every process that works for its living. */
export type App = 'http' | 'script' | 'warm' | 'cluster';

export interface Variant {
  readonly name: string;
  readonly app: App;
  readonly whose: 'nobody' | 'ours' | 'peer';
  readonly preload: readonly string[];
  /** Node resolves a bare `-r` name from the working folder. */
  readonly cwd?: string;
  env(surroundings: Surroundings): Record<string, string>;
  /** It answers GET /metrics on the port. */
  readonly scraped: boolean;
  /** A real sidecar watches its folder, before it starts. */
  readonly isWatched?: boolean;
  /** Its start and its blocks are those of another row. */
  readonly idleOnly?: boolean;
  /** What it is measured over. Without one, plain Node with the same program. */
  readonly base?: Variant;
  /** At least so long until memory is read, and so long watched for blocks, ms. */
  readonly settleMs?: number;
  readonly watchMs?: number;
}

/** Made afresh for every process. */
export interface Surroundings {
  readonly metricsPort: number;
  /** Empty folder for ring files. */
  readonly folder: string;
}

export const AGENT = fileURLToPath(new URL('../../../dist/register.cjs', import.meta.url));

const NOTHING = { whose: 'nobody', preload: [], env: () => ({}), scraped: false } as const;
export const PLAIN_HTTP: Variant = { name: 'plain Node', app: 'http', ...NOTHING };
export const PLAIN_SCRIPT: Variant = { name: 'plain Node, script without net', app: 'script', ...NOTHING };

export const PLAIN_WARM: Variant = { name: 'plain Node, warm', app: 'warm', ...NOTHING, idleOnly: true };

const OURS = { whose: 'ours', preload: ['-r', AGENT] } as const;
const recording = {
  ...OURS,
  scraped: false,
  env: ({ folder }: Surroundings) => ({ PLIMSOLL_DIR: folder, PLIMSOLL_EXPORTER: 'none' }),
};
export const OURS_PROMETHEUS: Variant = prometheusAt('plimsoll, Prometheus endpoint', {});
export const OURS_RECORDING: Variant = { name: 'plimsoll, recording only', app: 'http', ...recording };
/** Connected to its sidecar, as in a pod: it exports nothing itself. */
const watched = {
  ...OURS,
  scraped: false,
  isWatched: true,
  env: ({ folder }: Surroundings) => ({ PLIMSOLL_DIR: folder, PLIMSOLL_LISTEN: '127.0.0.1:0' }),
};
export const OURS_WATCHED: Variant = { name: 'plimsoll, watched by a sidecar', app: 'http', ...watched };
export const OURS_WATCHED_SCRIPT: Variant = {
  name: 'plimsoll, watched by a sidecar, script without net',
  app: 'script',
  ...watched,
};
export const OURS_PROMETHEUS_WARM: Variant = {
  ...OURS_PROMETHEUS,
  name: 'plimsoll, Prometheus endpoint, warm',
  app: 'warm',
  idleOnly: true,
};
export const OURS_RECORDING_WARM: Variant = {
  ...OURS_RECORDING,
  name: 'plimsoll, recording only, warm',
  app: 'warm',
  idleOnly: true,
};
export const OURS_RECORDING_SCRIPT: Variant = {
  name: 'plimsoll, recording only, script without net',
  app: 'script',
  ...recording,
};
/** B5: the pace at rest set to 4 and 20 ticks a second; 1 is the default row. */
export const OURS_4_TICKS: Variant = {
  ...prometheusAt('plimsoll at 4 ticks/s', { PLIMSOLL_SAMPLE_INTERVAL: '250ms' }),
  idleOnly: true,
};
export const OURS_20_TICKS: Variant = {
  ...prometheusAt('plimsoll at 20 ticks/s', { PLIMSOLL_SAMPLE_INTERVAL: '50ms' }),
  idleOnly: true,
};

/** The same paces as they come about near a limit: probes, and a full sample once a second. The budgets leave 175 and 30 MB. */
export const OURS_4_TICKS_NEAR: Variant = {
  ...prometheusAt('plimsoll 250 ms from a limit', { PLIMSOLL_PROCESS_BUDGET: '320MiB' }),
  idleOnly: true,
};
export const OURS_20_TICKS_NEAR: Variant = {
  ...prometheusAt('plimsoll 50 ms from a limit', { PLIMSOLL_PROCESS_BUDGET: '128MiB' }),
  idleOnly: true,
};

const OTLP_NOWHERE = { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
export const PEER_VARIANTS: readonly Variant[] = [
  peer('prom-client', '-r ./prom-client.cjs', true, (port) => ({ BENCH_METRICS_PORT: port })),
  peer('OpenTelemetry host + runtime', '-r ./opentelemetry.cjs', true, (port) => ({ BENCH_METRICS_PORT: port })),
  // no agent is listening: what it costs to try is part of it
  peer('dd-trace', '-r dd-trace/init', false, () => ({
    DD_RUNTIME_METRICS_ENABLED: 'true',
    DD_TRACE_STARTUP_LOGS: 'false',
  })),
  peer(
    'OpenTelemetry auto-instrumentations',
    '-r @opentelemetry/auto-instrumentations-node/register',
    true,
    (port) => ({
      ...OTLP_NOWHERE,
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
      // the cloud detectors ask addresses that answer nowhere but in their clouds
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
    }),
  ),
];

export function agentIsBuilt(): boolean {
  return existsSync(AGENT);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('a listening TCP server has no port');
  return address.port;
}

function prometheusAt(name: string, env: Record<string, string>): Variant {
  return {
    name,
    app: 'http',
    ...OURS,
    scraped: true,
    env: ({ metricsPort }) => ({
      PLIMSOLL_EXPORTER: 'prometheus',
      PLIMSOLL_LISTEN: `127.0.0.1:${metricsPort}`,
      ...env,
    }),
  };
}

function peer(name: string, preload: string, scraped: boolean, env: (port: string) => Record<string, string>): Variant {
  return {
    name,
    app: 'http',
    whose: 'peer',
    preload: preload.split(' '),
    cwd: PEERS,
    scraped,
    env: ({ metricsPort }) => env(String(metricsPort)),
  };
}
