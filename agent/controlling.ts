/** The agent's control socket in PLIMSOLL_DIR, joined: what the run can be asked from outside, and whether a sidecar watches it. */
import type { Options } from './config/options.ts';
import type { Level } from './model/level.ts';
import type { Degradation, Snapshot } from './model/snapshot.ts';
import type { ActiveProtection, Protection } from './protection.ts';
import type { Clock } from './sample/clock.ts';

export interface ControllingParts {
  readonly options: Options;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly active: ActiveProtection;
  readonly protection: Protection;
  snapshot(): Snapshot;
  /** Whether it is new. */
  degraded(degradation: Degradation): boolean;
  onFailure(error: unknown): void;
}

export interface Controlling {
  /** Some time after the start: `node:net` is loaded here. */
  start(): void;
  /** A sidecar reads this process, or is about to: nothing else exports. */
  isWatched(): boolean;
  /** What a drill asks for; 0: there is none. */
  drillLevel(): Level;
  stop(): void;
}

export function createControlling(_parts: ControllingParts): Controlling {
  return { start() {}, isWatched: () => false, drillLevel: () => 0, stop() {} };
}
