import type { AgentEvent } from '../../agent/model/event.ts';
import type { Exporter, ExporterParts } from '../../agent/model/exporter.ts';
import type { Level } from '../../agent/model/level.ts';
import { problem } from '../../agent/model/problem.ts';
import { COL } from '../../agent/model/row.ts';
import { recordOf } from '../log-record.ts';
import { emitEvent } from './events.ts';
import { joinMetrics, type JoinedMetrics } from './metrics.ts';
import { findMeterProvider, findTracerProvider } from './registered.ts';
import { createSpanMarks } from './spans.ts';

/**
 * The application's own OpenTelemetry, of whatever version: found by looking, never by registering. Its spans get our
 * attributes, its LoggerProvider our events, and its MeterProvider, when it has one that exports, our instruments.
 */
export interface Application {
  /** Call it at each sample: it costs a few property reads while nothing changed. */
  look(): void;
  /** The registered MeterProvider that exports, if there is one; another object after it was replaced. */
  meterProvider(): object | undefined;
  /** It has been there long enough for the instrumentations of the same start to have made their instruments. */
  isSettled(): boolean;
  /** Instruments on that MeterProvider. */
  createMetrics(parts: ExporterParts): Exporter;
  /** false: the application has no LoggerProvider. */
  event(event: AgentEvent, wallMs: number): boolean;
  /** Takes everything off that can be taken off. */
  close(): void;
}

type ApplicationParts = Pick<ExporterParts, 'clock' | 'snapshot' | 'describe' | 'onTrouble' | 'onRecovered'>;
type FoundProvider = NonNullable<ReturnType<typeof findMeterProvider>>;

const SETTLE_MS = 500;

export function createApplication(parts: ApplicationParts): Application {
  const { clock, snapshot, describe } = parts;
  const marks = createSpanMarks();
  /** Those that do nothing, and those that threw. */
  const refused = new WeakSet<object>();
  let provider: FoundProvider | undefined;
  let sinceMs = 0;

  /** Foreign code may throw; what did is left alone from then on. */
  function guarded<T>(step: () => T, otherwise: T): T {
    try {
      return step();
    } catch (error) {
      failed(error);
      return otherwise;
    }
  }

  function failed(error: unknown): void {
    if (provider !== undefined) refused.add(provider);
    const why = error instanceof Error ? error.message : String(error);
    const detail = `the application's OpenTelemetry SDK cannot be joined (${why.slice(0, 200)})`;
    const repair = 'PLIMSOLL_EXPORTER=prometheus or otlp does without it';
    const message = `${detail}, must take instruments, span processors and log records. It is left alone; ${repair}.`;
    parts.onTrouble({ reason: 'join_failed', detail, repair }, problem('PLM_JOIN_FAILED', message));
  }

  function lookAtMetrics(): void {
    const found = findMeterProvider();
    const now = found !== undefined && refused.has(found) ? undefined : found;
    if (now === provider) return;
    provider = now;
    sinceMs = clock.monotonicMs();
  }

  return {
    look() {
      guarded(() => {
        marks.setLevel((snapshot().row[COL.level] ?? 0) as Level);
        marks.follow(findTracerProvider());
        lookAtMetrics();
      }, undefined);
    },
    meterProvider: () => provider,
    isSettled: () => clock.monotonicMs() - sinceMs >= SETTLE_MS,
    createMetrics({ tier }) {
      const joining = provider;
      let joined: JoinedMetrics | undefined;
      return {
        async start() {
          if (joining === undefined) return;
          joined = guarded(() => joinMetrics(joining, tier, snapshot, failed), undefined);
          if (joined === undefined) refused.add(joining);
          else parts.onRecovered('join_failed');
        },
        async close() {
          guarded(() => joined?.leave(), undefined);
        },
      };
    },
    event: (event, wallMs) =>
      guarded(() => emitEvent(recordOf(event, snapshot().identity.process, describe), wallMs), false),
    close() {
      guarded(marks.close, undefined);
    },
  };
}
