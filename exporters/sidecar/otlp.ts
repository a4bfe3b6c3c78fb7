import type { ExporterClock, ExporterParts } from '../../agent/model/exporter.ts';
import type { OtlpSettings } from '../../agent/model/otlp.ts';
import { problem } from '../../agent/model/problem.ts';
import type { Identity } from '../../agent/model/snapshot.ts';
import type { EventRecord } from '../log-record.ts';
import { createRecordQueue } from '../otlp/logs.ts';
import { createOutlet, type Outlet } from '../otlp/outlet.ts';
import type { How } from '../otlp/send.ts';
import { createSubjectCollections, type Batch } from './collections.ts';
import type { FleetSource } from './subject.ts';

/**
 * OTLP over HTTP for everything that a sidecar watches: each process under its own resource, many in one request. Metrics each interval,
 * events within a second; one request at a time, none repeated before the next interval.
 */
export interface FleetOtlp {
  start(): void;
  record(record: EventRecord, wallMs: number, of: Identity): void;
  /** The last values and what waits, within `FLUSH_MS`; then nothing more. */
  stop(): Promise<void>;
}

export interface FleetOtlpParts extends FleetSource, Pick<ExporterParts, 'onTrouble' | 'onRecovered'> {
  readonly otlp: OtlpSettings;
  readonly clock: ExporterClock;
}

/** Events that come together go together. */
const EVENT_DELAY_MS = 1000;
/** A sidecar that ends has its pod's grace period, of which it takes this much; less where the collector was not there anyhow. */
const FLUSH_MS = 3000;
const FLUSH_FAILING_MS = 1000;
/** Nothing but its own work keeps a sidecar; what is under way may. */
const HOLDING: How = { holdsProcess: true };
const LAST: How = { holdsProcess: true, timeoutMs: FLUSH_MS / 2 };

export function createFleetOtlp(parts: FleetOtlpParts): FleetOtlp {
  const { clock, otlp } = parts;
  const metrics = otlp.metrics === undefined ? undefined : outletOf('metrics', otlp.metrics);
  const logs = otlp.logs === undefined ? undefined : outletOf('logs', otlp.logs);
  const collections = createSubjectCollections(otlp.temporality);
  const queue = createRecordQueue(parts.own, clock);
  let running: Promise<void> | undefined;
  let closed = false;
  let cancelTick: (() => void) | undefined;
  let cancelEvents: (() => void) | undefined;
  collections.begin(parts.subjects(), clock.wallMs());

  function outletOf(signal: 'metrics' | 'logs', target: NonNullable<OtlpSettings['metrics']>): Outlet {
    return createOutlet(signal, target, { ...parts, agentVersion: parts.own().agentVersion });
  }

  async function sendMetrics(how: How): Promise<void> {
    if (metrics === undefined || metrics.isToWait()) return;
    for (const batch of collections.batches(parts.subjects())) {
      if ((await sendBatch(metrics, batch, how)) === 'later') return;
    }
  }

  async function sendBatch(outlet: Outlet, batch: Batch, how: How): ReturnType<Outlet['post']> {
    const bodies = batch.collect(clock.wallMs()).flatMap((request) => outlet.encoding.metrics(request) ?? []);
    const outcome = await outlet.post(outlet.encoding.joined(bodies), how);
    if (outcome === 'taken') batch.accept();
    return outcome;
  }

  /** What is not taken now waits for the next interval. */
  async function sendEvents(how: How): Promise<void> {
    if (logs === undefined || logs.isToWait() || sharesOutage()) return;
    const request = queue.request();
    const body = request === undefined ? undefined : logs.encoding.logs(request);
    if (body !== undefined && (await logs.post(body, how)) !== 'later') queue.drop();
  }

  /** Where metrics are not taken, it is not tried with events. */
  function sharesOutage(): boolean {
    return metrics?.isFailing() === true && otlp.metrics?.url.origin === otlp.logs?.url.origin;
  }

  /** One at a time: undefined, the one before still waits for its answer. */
  function alone(work: () => Promise<void>): Promise<void> | undefined {
    if (running !== undefined) return undefined;
    running = work()
      .catch(broken)
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  async function round(how: How): Promise<void> {
    await sendMetrics(how);
    await sendEvents(how);
  }

  function broken(error: unknown): void {
    const detail = `the export failed (${String(error)})`;
    const found = problem(
      'PLM_OTLP_FAILED',
      `${detail}. The applications are not affected; this is worth a bug report.`,
    );
    parts.onTrouble({ reason: 'otlp_export_failed', detail, repair: 'report it' }, found);
  }

  function tick(): void {
    cancelTick = clock.setTimer(tick, otlp.intervalMs);
    void alone(() => round(HOLDING));
  }

  function awaitEvents(): void {
    cancelEvents ??= clock.setTimer(() => {
      cancelEvents = undefined;
      if (!closed && alone(() => sendEvents(HOLDING)) === undefined) awaitEvents();
    }, EVENT_DELAY_MS);
  }

  async function flush(): Promise<void> {
    await running;
    await alone(() => round(LAST));
  }

  return {
    start() {
      if (!closed) tick();
    },
    record(record, wallMs, of) {
      if (logs === undefined || closed) return;
      queue.add(record, wallMs, of);
      if (!logs.isFailing() && !sharesOutage()) awaitEvents();
    },
    async stop() {
      closed = true;
      cancelTick?.();
      cancelEvents?.();
      await Promise.race([flush(), after(clock, metrics?.isFailing() === true ? FLUSH_FAILING_MS : FLUSH_MS)]);
      metrics?.close();
      logs?.close();
    },
  };
}

function after(clock: ExporterClock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, ms);
  });
}
