/** Reports the deaths that nobody has explained: ring files in PLIMSOLL_DIR without an end mark, whose process is gone. */
import type { Options } from './config/options.ts';
import type { AgentEvent } from './model/event.ts';
import type { DeathCount } from './model/postmortem.ts';
import type { Clock } from './sample/clock.ts';

export interface SuccessionParts {
  readonly options: Options;
  /** Where post-mortems are kept. */
  readonly dataDirectory: string;
  /** Of this process: never its own predecessor. */
  readonly instanceId: string;
  readonly clock: Clock;
  /** A sidecar reports them, and nobody else. */
  isWatched(): boolean;
  onEvent(event: AgentEvent): void;
}

export interface Succession {
  /** Looks, some time after the start; never throws. */
  look(): void;
  /** Of this service and container in this folder (as `WorkloadDeaths`); undefined: it is not this process that tells of them. */
  deaths(): readonly DeathCount[] | undefined;
  stop(): void;
}

export function createSuccession(_parts: SuccessionParts): Succession {
  return { look() {}, deaths: () => undefined, stop() {} };
}
