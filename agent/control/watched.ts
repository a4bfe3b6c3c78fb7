/** Whether a sidecar reads this process, or is about to: then nothing else exports. */
import { sidecarAnnounced } from './presence.ts';

/** An agent that starts beside a sidecar waits so long for its connection. */
const ANNOUNCED_GRACE_MS = 3000;
/** And so long for it to come back. */
const LOST_GRACE_MS = 3000;

export interface Watched {
  /** Call it once, before anybody asks. */
  start(): void;
  /** So many connections watch now. */
  count(watchers: number): void;
  /** It is connected, or expected at any moment. */
  isWatched(): boolean;
  /** It is connected. */
  hasWatcher(): boolean;
}

export function createWatched(
  directory: string | undefined,
  clock: { wallMs(): number; monotonicMs(): number },
): Watched {
  let watchers = 0;
  let expectedUntilMs = Number.NEGATIVE_INFINITY;
  return {
    start() {
      if (directory === undefined || !sidecarAnnounced(directory, clock.wallMs())) return;
      expectedUntilMs = clock.monotonicMs() + ANNOUNCED_GRACE_MS;
    },
    count(now) {
      if (now === 0 && watchers > 0) expectedUntilMs = clock.monotonicMs() + LOST_GRACE_MS;
      watchers = now;
    },
    isWatched: () => watchers > 0 || clock.monotonicMs() < expectedUntilMs,
    hasWatcher: () => watchers > 0,
  };
}
