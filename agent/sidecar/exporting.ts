/** How what the fleet knows leaves the sidecar: Prometheus or OTLP, and events as lines of JSON. */
import type { SidecarParts } from './index.ts';
import type { Fleet } from './fleet.ts';

export interface FleetExporting {
  /** `http://…/metrics`; undefined: not listening (yet). */
  metricsUrl(): string | undefined;
  /** Sends what it has, within 5 s, and lets go of everything. Call it before the fleet is stopped. */
  stop(): Promise<void>;
}

/** Listens to the fleet from now on: make it before the fleet tells of anything. Never throws. */
export function createFleetExporting(_parts: SidecarParts, _fleet: Fleet): FleetExporting {
  return { metricsUrl: () => undefined, stop: () => Promise.resolve() };
}
