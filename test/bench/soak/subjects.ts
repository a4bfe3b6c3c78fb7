/** What is watched side by side: the same service without Plimsoll and with it, and how its series are counted. */
import { fileURLToPath } from 'node:url';

import { appIn } from '../../../scripts/install-apps.ts';
import { ask } from '../../helpers/http-client.ts';
import { freePort } from '../../helpers/prometheus.ts';
import { AGENT } from '../overhead/variants.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const SDK_3 = fileURLToPath(new URL('../overhead/apps/sdk-3.cjs', import.meta.url));

export interface Subject {
  readonly name: string;
  /** The same without Plimsoll; undefined: this one is. */
  readonly plain: Subject | undefined;
  readonly preload: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of ours, as whoever takes them counts them; NaN while none came. */
  series(): Promise<number>;
}

export interface Subjects {
  readonly all: readonly Subject[];
  /** Is to be away at times. */
  readonly unreliable: Receiver;
}

const NO_SERIES = async (): Promise<number> => Number.NaN;

export async function createSubjects(): Promise<Subjects> {
  const plain: Subject = { name: 'plain Node', plain: undefined, preload: [], env: {}, series: NO_SERIES };
  const unreliable = await startReceiver();
  const otlp: Subject = {
    name: 'OTLP every second, receiver down at times',
    plain,
    preload: ['-r', AGENT],
    env: {
      PLIMSOLL_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: unreliable.endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    },
    series: async () => unreliable.series(),
  };
  return { all: [plain, await prometheus(plain), otlp, ...(await joined())], unreliable };
}

async function prometheus(plain: Subject): Promise<Subject> {
  const port = await freePort();
  return {
    name: 'Prometheus endpoint',
    plain,
    preload: ['-r', AGENT],
    env: { PLIMSOLL_EXPORTER: 'prometheus', PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
    async series() {
      const { body } = await ask({ port, path: '/metrics' });
      const lines = body.toString().split('\n');
      return lines.filter((line) => line !== '' && !line.startsWith('#')).length;
    },
  };
}

/** An application that has the SDK, and the same with Plimsoll joined to it. */
async function joined(): Promise<readonly Subject[]> {
  const { folder, skip } = appIn('otel-3');
  if (skip !== false) {
    console.log(`joined to an SDK is left out: ${skip}`);
    return [];
  }
  const [theirs, both] = [await startReceiver(), await startReceiver()];
  const envFor = (receiver: Receiver): Record<string, string> => ({
    BENCH_PACKAGES: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  });
  const plain: Subject = {
    name: 'OpenTelemetry SDK 3',
    plain: undefined,
    preload: ['-r', SDK_3],
    env: envFor(theirs),
    series: NO_SERIES,
  };
  const preload = ['-r', AGENT, ...plain.preload];
  return [plain, { name: 'joined to it', plain, preload, env: envFor(both), series: async () => both.series() }];
}
