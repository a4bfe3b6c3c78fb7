/** Which requests to refuse: none up to `high`, more the nearer to the limit. */
import type { Assessment } from '../model/assessment.ts';
import type { ShedCount } from '../model/snapshot.ts';

export interface SheddingParts {
  /** 0 up to 1, evenly spread. */
  random(): number;
  monotonicMs(): number;
}

export interface Shedding {
  /** One step of the flow. `act` false: counts nothing and refuses nothing. */
  respond(assessment: Assessment, act: boolean): void;
  /** Whether to refuse now; counted when so. */
  shouldShed(point: string): boolean;
  /** For Retry-After: the longer the harder it presses. */
  retryAfterSeconds(): number;
  counts(): readonly ShedCount[];
}

export function createShedding(_parts: SheddingParts): Shedding {
  return { respond() {}, shouldShed: () => false, retryAfterSeconds: () => 1, counts: () => [] };
}
