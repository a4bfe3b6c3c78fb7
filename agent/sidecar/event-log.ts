/** The events of every process that was watched, and which of a note's events are new. */
import type { NotedEvent } from '../model/note.ts';

export interface LoggedEvent {
  readonly instanceId: string;
  readonly event: NotedEvent;
}

export interface EventLog {
  add(entry: LoggedEvent): void;
  /** Of the last two days, newest first. */
  list(nowWallMs: number): readonly LoggedEvent[];
  /** Keeps this many of the newest from now on. */
  limit(entries: number): void;
}

export const MAX_EVENTS = 1000;
const KEPT_MS = 48 * 3_600_000;

export function createEventLog(): EventLog {
  /** By time, oldest first: processes are read one after the other, so what comes late may be older. */
  let entries: LoggedEvent[] = [];
  let most = MAX_EVENTS;

  return {
    add(entry) {
      let place = entries.length;
      while (place > 0 && (entries[place - 1]?.event.wallMs ?? 0) > entry.event.wallMs) place -= 1;
      entries.splice(place, 0, entry);
      if (entries.length > most) entries.shift();
    },
    list(nowWallMs) {
      entries = entries.filter(({ event }) => nowWallMs - event.wallMs < KEPT_MS);
      return entries.toReversed();
    },
    limit(count) {
      most = count;
      entries = entries.slice(-count);
    },
  };
}

/** A note holds the newest two dozen events, so most of them were there in the note before. */
export function createFreshEvents(): (events: readonly NotedEvent[]) => readonly NotedEvent[] {
  let newestMs = -Infinity;
  /** Those of that very millisecond. */
  let atNewest: readonly string[] = [];

  return (events) => {
    const fresh = events.filter(
      (event) => event.wallMs > newestMs || (event.wallMs === newestMs && !atNewest.includes(keyOf(event))),
    );
    for (const event of fresh) {
      atNewest = event.wallMs > newestMs ? [keyOf(event)] : [...atNewest, keyOf(event)];
      newestMs = Math.max(newestMs, event.wallMs);
    }
    return fresh;
  };
}

function keyOf({ name, text }: NotedEvent): string {
  return `${name} ${text}`;
}
