import type { Identity } from '../../agent/model/snapshot.ts';
import type { Told } from '../metric-data.ts';

/** What a sidecar exports under one resource: a process, the deaths of a workload, or the sidecar itself. */
export interface Subject extends Told {
  /** The same from one export to the next, and nobody else's. */
  readonly key: string;
  /** When its counters began, ms since the epoch. */
  readonly startWallMs: number;
}

/** What the sidecar's exporters are given. */
export interface FleetSource {
  /** The sidecar itself, who sends and is scraped. */
  own(): Identity;
  /** Everything that is told of at this moment; what has ended is not in it. */
  subjects(): readonly Subject[];
}
