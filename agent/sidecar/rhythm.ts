/** When a fleet looks at its folder and at each of its processes: one timer for all, since wake-ups are what watching costs. */
import type { Clock } from '../sample/clock.ts';
import type { Watch } from './watch.ts';

export interface Rhythm {
  start(): void;
  /** Something is due at another time than it was. */
  hurry(): void;
  stop(): void;
}

const LOOK_MS = 1000;
/** Whoever is due so soon is looked at now. */
const TOGETHER_MS = 50;
/** Timers may fire a moment early. */
const SHORTEST_MS = 2;

export interface RhythmParts {
  /** At the folder. */
  look(): void;
  poll(watch: Watch): void;
  all(): Iterable<Watch>;
}

/** Nothing that it calls throws. */
export function createRhythm(clock: Clock, { look, poll, all }: RhythmParts): Rhythm {
  const timer = clock.createRepeatedTimer(tick);
  let running = false;
  let lookMs = 0;

  function tick(): void {
    const nowMs = clock.monotonicMs();
    if (nowMs >= lookMs - TOGETHER_MS) {
      lookMs = nowMs + LOOK_MS;
      look();
    }
    for (const watch of all()) if (watch.member.dueMs() <= nowMs + TOGETHER_MS) poll(watch);
    schedule();
  }

  function schedule(): void {
    if (!running) return;
    let dueMs = lookMs;
    for (const { member } of all()) dueMs = Math.min(dueMs, member.dueMs());
    timer.set(Math.max(SHORTEST_MS, Math.ceil(dueMs - clock.monotonicMs())));
  }

  return {
    start() {
      running = true;
      tick();
    },
    hurry: schedule,
    stop() {
      running = false;
      timer.cancel();
    },
  };
}
