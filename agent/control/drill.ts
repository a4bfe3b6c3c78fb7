/** A level that somebody asks for on trial, for a while. */
import type { ControlDrill } from '../model/control.ts';
import { LEVELS, type Level } from '../model/level.ts';

export interface DrillClock {
  wallMs(): number;
  /** Of the drill's end: a clock that is set must not make it longer. */
  monotonicMs(): number;
  setTimer(callback: () => void, ms: number): () => void;
}

export interface Drill {
  /** 0: there is none. */
  level(): Level;
  /** Replaces the one before. Answers when it ends, ms since the epoch. */
  begin(drill: ControlDrill): number;
  end(): void;
}

/** `onEnd`: by itself, or because it was ended; once for each that began. */
export function createDrill(clock: DrillClock, onEnd: () => void): Drill {
  let level: Level = 0;
  let untilMs = 0;
  let cancel = (): void => undefined;

  function end(): void {
    cancel();
    if (level === 0) return;
    level = 0;
    onEnd();
  }

  return {
    level: () => (clock.monotonicMs() < untilMs ? level : 0),
    begin({ level: name, forMs }) {
      cancel();
      if (name === 'normal') {
        end();
        return clock.wallMs();
      }
      level = LEVELS.indexOf(name) as Level;
      untilMs = clock.monotonicMs() + forMs;
      cancel = clock.setTimer(end, forMs);
      return clock.wallMs() + forMs;
    },
    end,
  };
}
