import type { AgentEvent } from '../../agent/model/event.ts';
import type { Exporter, ExporterClock, ExporterParts } from '../../agent/model/exporter.ts';
import type { OtlpTarget } from '../../agent/model/otlp.ts';
import { problem } from '../../agent/model/problem.ts';
import { createFlush } from './flush.ts';
import { createEventQueue } from './logs.ts';
import { createCollection } from './metrics.ts';
import { createOutlet } from './outlet.ts';
import type { How } from './send.ts';

/** Events that come together go together. */
const EVENT_DELAY_MS = 1000;
/** Between two steps of the start, none of which takes more than a few ms. */
const STEP_MS = 5;

/**
 * OTLP over HTTP without an SDK: the table of metrics is data already, and an SDK's exporter would keep the process alive. Metrics each
 * interval, events within a second; one request at a time, none repeated before the next interval.
 */
export function createOtlpExporter(parts: ExporterParts): Exporter {
  const { clock, otlp } = parts;
  const outletParts = { ...parts, agentVersion: parts.snapshot().identity.agentVersion };
  const metrics = otlp.metrics === undefined ? undefined : createOutlet('metrics', otlp.metrics, outletParts);
  const logs = otlp.logs === undefined ? undefined : createOutlet('logs', otlp.logs, outletParts);
  const collection = createCollection(parts);
  const queue = createEventQueue(parts);
  const flush = createFlush((how) => round(how));
  let busy = false;
  let closed = false;
  let cancelTick: (() => void) | undefined;
  let cancelEvents: (() => void) | undefined;

  function encodeMetrics(): Uint8Array | undefined {
    const request = collection.collect();
    return request === undefined ? undefined : metrics?.encoding.metrics(request);
  }

  async function sendMetrics(how?: How): Promise<boolean> {
    if (metrics === undefined || metrics.isToWait()) return false;
    const body = encodeMetrics();
    if (body === undefined) return false;
    const outcome = await metrics.post(body, how);
    if (outcome === 'taken') collection.accept();
    return outcome === 'taken' && !metrics.isFailing();
  }

  /** What is not taken now waits for the next interval. */
  async function sendEvents(how?: How): Promise<void> {
    if (logs === undefined || logs.isToWait() || sharesOutage()) return;
    const request = queue.request();
    const body = request === undefined ? undefined : logs.encoding.logs(request);
    if (body === undefined) return;
    if ((await logs.post(body, how)) !== 'later') queue.drop();
  }

  /** Where metrics are not taken, it is not tried with events. */
  function sharesOutage(): boolean {
    return metrics?.isFailing() === true && otlp.metrics?.url.origin === otlp.logs?.url.origin;
  }

  async function round(how?: How): Promise<void> {
    if (busy || closed) return; // the round before still waits for its answer: this one is left out
    await alone(async () => {
      const beganMs = clock.monotonicMs();
      const isTaken = await sendMetrics(how);
      const tookMs = clock.monotonicMs() - beganMs;
      await sendEvents(how);
      if (!closed) flush.learn(isTaken, tookMs);
    });
  }

  async function alone(work: () => Promise<void>): Promise<void> {
    busy = true;
    try {
      await work();
    } catch (error) {
      const detail = `the export failed (${String(error)})`;
      const found = problem(
        'PLM_OTLP_FAILED',
        `${detail}. The application is not affected; this is worth a bug report.`,
      );
      parts.onTrouble({ reason: 'otlp_export_failed', detail, repair: 'report it' }, found);
    } finally {
      busy = false;
    }
  }

  function tick(): void {
    cancelTick = clock.setTimer(tick, otlp.intervalMs);
    void round();
  }

  async function eventsOnly(): Promise<void> {
    cancelEvents = undefined;
    if (closed) return;
    if (busy) return awaitEvents();
    await alone(sendEvents);
  }

  function awaitEvents(): void {
    cancelEvents ??= clock.setTimer(() => void eventsOnly(), EVENT_DELAY_MS);
  }

  return {
    async start() {
      for (const module of modulesFor([otlp.metrics, otlp.logs])) {
        await pause(clock);
        process.getBuiltinModule(module);
      }
      await pause(clock);
      encodeMetrics(); // the first time takes 5 ms, and so does the first request: not both in one turn
      if (!closed) cancelTick = clock.setTimer(tick, STEP_MS);
    },
    event(event: AgentEvent, wallMs: number) {
      if (logs === undefined) return;
      queue.add(event, wallMs);
      if (!logs.isFailing() && !sharesOutage()) awaitEvents();
    },
    async close() {
      closed = true;
      cancelTick?.();
      cancelEvents?.();
      flush.close();
      metrics?.close();
      logs?.close();
    },
  };
}

function pause(clock: ExporterClock): Promise<void> {
  return new Promise((resume) => {
    clock.setTimer(resume, STEP_MS);
  });
}

/** What a request will need, in the order in which one needs the other. */
function modulesFor(targets: readonly (OtlpTarget | undefined)[]): readonly string[] {
  const some = (needs: (target: OtlpTarget) => boolean): boolean =>
    targets.some((target) => target !== undefined && needs(target));
  return [
    'node:net',
    'node:http',
    ...(some(({ url }) => url.protocol === 'https:') ? ['node:tls', 'node:https'] : []),
    ...(some(({ compression }) => compression === 'gzip') ? ['node:zlib'] : []),
  ];
}
