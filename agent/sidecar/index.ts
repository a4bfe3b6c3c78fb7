/** The sidecar: watches the processes of a folder, exports, answers and reports what they know. `plimsoll sidecar` and `plimsoll run` start it. */
import type { Options } from '../config/options.ts';
import type { OtlpSettings } from '../model/otlp.ts';
import type { Problem } from '../model/problem.ts';
import type { Clock } from '../sample/clock.ts';
import type { Fleet } from './fleet.ts';

export interface SidecarParts {
  readonly options: Options;
  readonly otlp: OtlpSettings;
  /** What `auto` exports by. */
  readonly fallbackExporter: 'otlp' | 'prometheus';
  /** OTEL_RESOURCE_ATTRIBUTES of the sidecar's own environment (`readIdentity`): of its pod. */
  readonly resource: Readonly<Record<string, string>>;
  /** PLIMSOLL_DIR. */
  readonly directory: string;
  /** Where post-mortems and captures are kept. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** One line for people, on stderr. */
  onProblem(problem: Problem): void;
  /** One event as JSON, a line on stdout. */
  onEventLine(line: string): void;
}

export interface Sidecar {
  readonly fleet: Fleet;
  /** `http://…` of the metrics and of the API; undefined: not listening. */
  metricsUrl(): string | undefined;
  apiUrl(): string | undefined;
  /** Exports what it has, and lets go of everything. */
  stop(): Promise<void>;
}
