import type { AgentEvent } from '../../agent/model/event.ts';
import type { Exporter, ExporterParts } from '../../agent/model/exporter.ts';

/**
 * The application's own OpenTelemetry, of whatever version: found by looking, never by registering. Its spans get our
 * attributes, its LoggerProvider our events, and its MeterProvider, when it has one that exports, our instruments.
 */
export interface Application {
  /** Call it at each sample: it costs a few property reads while nothing changed. */
  look(): void;
  /** The registered MeterProvider that exports, if there is one; another object after it was replaced. */
  meterProvider(): object | undefined;
  /** Instruments on that MeterProvider. */
  createMetrics(parts: ExporterParts): Exporter;
  /** false: the application has no LoggerProvider. */
  event(event: AgentEvent, wallMs: number): boolean;
  /** Takes everything off that can be taken off. */
  close(): void;
}

export function createApplication(_parts: Pick<ExporterParts, 'clock' | 'snapshot' | 'describe'>): Application {
  return {
    look: () => undefined,
    meterProvider: () => undefined,
    createMetrics: () => ({ start: async () => undefined, close: async () => undefined }),
    event: () => false,
    close: () => undefined,
  };
}
