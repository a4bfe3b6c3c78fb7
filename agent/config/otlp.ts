import type { Environment } from './read.ts';
import type { OtlpSettings } from '../model/otlp.ts';
import type { Problem } from '../model/problem.ts';

/** Stand-in until the reader of the OTEL_EXPORTER_OTLP_* variables is there. */
export interface OtlpConfiguration {
  readonly settings: OtlpSettings;
  /** What `auto` exports by when the application has no MeterProvider of its own. */
  readonly fallback: 'otlp' | 'prometheus';
  readonly problems: readonly Problem[];
}

export function readOtlp(_env: Environment): OtlpConfiguration {
  return {
    fallback: 'prometheus',
    settings: { isNamed: false, metrics: undefined, logs: undefined, temporality: 'cumulative', intervalMs: 60_000 },
    problems: [],
  };
}
