/**
 * Who exports: the application's own MeterProvider when it has one, else what the environment asks for, else the Prometheus
 * endpoint. It is asked again at each sample, since an application may bring its SDK late, replace it, or take it away.
 */
import type { Options } from './config/options.ts';
import type { AgentEvent } from './model/event.ts';
import type { Exporter, ExporterKind, ExporterParts } from './model/exporter.ts';
import { problem, type Problem } from './model/problem.ts';
import type { Application, exporters } from '../exporters/index.ts';

export interface ExportingParts extends ExporterParts {
  readonly option: Options['exporter'];
  /** What `auto` falls back to. */
  readonly fallback: 'otlp' | 'prometheus';
  /** A sidecar exports what this process records. */
  isWatched(): boolean;
  /** It does so now; else it is expected. */
  hasWatcher(): boolean;
  onProblem(problem: Problem): void;
  onFailure(error: unknown): void;
}

export interface Exporting {
  /** Loads the exporters and opens the first. */
  start(): Promise<void>;
  /** Call it at each sample. */
  look(): void;
  event(event: AgentEvent): void;
  kind(): ExporterKind;
  stop(): Promise<void>;
}

interface Choice {
  readonly kind: ExporterKind;
  /** Of `join`: whose. */
  readonly provider: object | undefined;
}

const NOTHING: Choice = { kind: 'none', provider: undefined };
const SIDECAR: Choice = { kind: 'sidecar', provider: undefined };

/** Of exporters: over with the exporter. */
const TROUBLES = ['listen_failed', 'otlp_metrics_failed', 'otlp_logs_failed', 'otlp_export_failed'];

/** Of the events before there was anyone to tell them to. */
const MAX_EARLY_EVENTS = 50;

/** A provider that was taken away is often replaced at once: nothing is opened for the moment between. */
const LEAVE_AFTER_MS = 3000;

export function createExporting(parts: ExportingParts): Exporting {
  const { option, fallback } = parts;
  /** Without a MeterProvider of the application. */
  const ownKind = option === 'auto' ? fallback : option === 'join' || option === 'sidecar' ? 'none' : option;
  let factories: typeof exporters | undefined;
  let application: Application | undefined;
  let choice: Choice = NOTHING;
  let exporter: Exporter | undefined;
  let switching: Promise<void> | undefined;
  let providerSeenMs = Number.NEGATIVE_INFINITY;
  const early: { readonly event: AgentEvent; readonly wallMs: number }[] = [];
  let otlpTold = false;
  /** Once, at least, when the process was old enough for every choice. */
  let hasChosen = false;
  let stopped = false;

  function wanted(): Choice {
    if ((option === 'auto' || option === 'sidecar') && parts.isWatched()) return SIDECAR;
    const provider = application?.meterProvider();
    if (provider !== undefined) {
      return parts.isYoung() || application?.isSettled() !== true ? NOTHING : { kind: 'join', provider };
    }
    if (ownKind !== 'otlp') return { kind: ownKind, provider: undefined };
    if (parts.otlp.metrics === undefined) return { kind: 'prometheus', provider: undefined };
    return parts.isYoung() ? NOTHING : { kind: 'otlp', provider: undefined };
  }

  /** Not before it is used: the variables may be meant for an SDK of the application's own, which takes other values. */
  function tellOtlpProblems(): void {
    if (otlpTold || ownKind !== 'otlp' || parts.isYoung()) return;
    if (choice.kind !== 'otlp' && choice.kind !== 'prometheus') return;
    otlpTold = true;
    for (const found of parts.otlp.problems) parts.onProblem(found);
  }

  /** What happened before the exporter was there, and while the process was young, is told after. */
  function passEvents(): void {
    if (!hasChosen || switching !== undefined) return;
    if (choice.kind === 'sidecar') {
      // it reads them in the ring's note; those of the time without it are kept for whoever exports next
      if (parts.hasWatcher()) early.length = 0;
      return;
    }
    for (const { event, wallMs } of early.splice(0)) {
      if (application?.event(event, wallMs) !== true) exporter?.event?.(event, wallMs);
    }
  }

  function look(): void {
    if (stopped || factories === undefined || switching !== undefined) return;
    choose();
    tellOtlpProblems();
    hasChosen = !parts.isYoung();
    passEvents();
  }

  function choose(): void {
    application?.look();
    const next = wanted();
    const nowMs = parts.clock.monotonicMs();
    if (next.provider !== undefined) providerSeenMs = nowMs;
    if (next.kind === choice.kind && next.provider === choice.provider) return;
    if (
      choice.kind === 'join' &&
      next.kind !== 'join' &&
      next.kind !== 'sidecar' &&
      nowMs - providerSeenMs < LEAVE_AFTER_MS
    )
      return;
    switching = switchTo(next)
      .catch(parts.onFailure)
      .finally(() => {
        switching = undefined;
        passEvents();
      });
  }

  async function switchTo(next: Choice): Promise<void> {
    const before = exporter;
    exporter = undefined;
    choice = next;
    await before?.close();
    for (const reason of TROUBLES) parts.onRecovered(reason);
    exporter = await create(next.kind);
    if (stopped) return await exporter?.close();
    await exporter?.start();
    if (next.kind !== 'none') parts.onProblem(problem('PLM_EXPORTING', destinationOf(next.kind, parts)));
  }

  async function create(kind: ExporterKind): Promise<Exporter | undefined> {
    if (kind === 'none' || kind === 'sidecar') return undefined;
    return kind === 'join' ? application?.createMetrics(parts) : await factories?.[kind](parts);
  }

  return {
    async start() {
      if (option === 'none') return;
      const loaded = await import('../exporters/index.ts');
      factories = loaded.exporters;
      if (option === 'auto' || option === 'join') application = loaded.createApplication(parts);
      look();
      await switching;
    },
    look,
    event(event) {
      early.push({ event, wallMs: parts.clock.wallMs() });
      if (early.length > MAX_EARLY_EVENTS) early.shift();
      passEvents();
    },
    kind: () => choice.kind,
    async stop() {
      stopped = true;
      await switching;
      application?.close();
      await exporter?.close();
    },
  };
}

/** For those who look for their metrics. */
function destinationOf(kind: Exclude<ExporterKind, 'none'>, { otlp, listen }: ExporterParts): string {
  switch (kind) {
    case 'sidecar':
      return 'metrics are exported by the sidecar that watches PLIMSOLL_DIR.';
    case 'join':
      return "metrics go through the application's own OpenTelemetry MeterProvider, as its readers and exporters say.";
    case 'otlp':
      // never its user, password or query
      return `metrics go to ${otlp.metrics?.url.origin}${otlp.metrics?.url.pathname} each ${otlp.intervalMs / 1000} s.`;
    case 'prometheus':
    default:
      return `metrics are asked for at the Prometheus endpoint (PLIMSOLL_LISTEN is ${listen.host}:${listen.port}).`;
  }
}
