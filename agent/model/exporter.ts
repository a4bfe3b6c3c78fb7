import type { Assessment } from './assessment.ts';
import type { AgentEvent } from './event.ts';
import type { Tier } from './metric.ts';
import type { OtlpSettings } from './otlp.ts';
import type { Problem } from './problem.ts';
import type { Degradation, Snapshot } from './snapshot.ts';

/** How what is known leaves the process: as `PLIMSOLL_EXPORTER` and `plimsoll.agent.info` name it. */
export type ExporterKind = 'sidecar' | 'prometheus' | 'otlp' | 'join' | 'none';

/** One way out of the process. Made, started once, closed once; it never rejects and never throws. */
export interface Exporter {
  start(): Promise<unknown>;
  /** What happened, for exporters that carry events. `wallMs`: when, ms since the epoch. */
  event?(event: AgentEvent, wallMs: number): void;
  /** Releases every port, socket and timer; waits for nothing that the outside decides. */
  close(): Promise<void>;
}

/** What an exporter is given of the agent. */
export interface ExporterParts {
  readonly tier: Tier;
  readonly listen: { readonly host: string; readonly port: number };
  /** The same for every process of a container, different for the next container; empty: not known. */
  readonly container: string;
  /** Started as one of several, by a cluster or by pm2. */
  readonly isNumbered: boolean;
  /** Started by another Node.js process, which talks to it. */
  readonly isChild: boolean;
  readonly otlp: OtlpSettings;
  readonly clock: ExporterClock;
  /** The process has not lived long enough for its series and events to be worth keeping: exec probes, build steps. */
  isYoung(): boolean;
  /** The latest row and facts; read at the moment of export. */
  snapshot(): Snapshot;
  /** An assessment in words. */
  describe(assessment: Assessment): string;
  /** Something cannot be exported: told once for each outage. */
  onTrouble(degradation: Degradation, found: Problem): void;
  /** The trouble of this `reason` is over. */
  onRecovered(reason: string): void;
  /** The Prometheus listener answers at `host:port`. */
  onListening(address: string): void;
}

export interface ExporterClock {
  wallMs(): number;
  /** The clock of the row's `monotonicMs`. */
  monotonicMs(): number;
  /** One shot; never keeps the process alive. Returns what cancels it. */
  setTimer(callback: () => void, ms: number): () => void;
}
