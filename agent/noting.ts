/**
 * What the ring file says beside its numbers, gathered: the newest events, caches, actions, what is degraded. The columns that name
 * something point to it.
 */
import { recordOf } from '../exporters/log-record.ts';
import type { CacheStatus } from './model/cache.ts';
import type { AgentEvent } from './model/event.ts';
import { OTHER } from './model/metric.ts';
import { MAX_NOTED_CACHES, MAX_NOTED_EVENTS, MAX_NOTED_NAMES, type NotedEvent, type RingNote } from './model/note.ts';
import { COL, type Row } from './model/row.ts';
import type { Snapshot } from './model/snapshot.ts';
import { notedActions, notedReclaimed, notedShed } from './noted-sums.ts';
import { describeAssessment } from './pipeline.ts';

/** UTF-16 units: 24 events of a sentence each have room. */
const LONGEST_TEXT = 512;
const LONGEST_NAME = 64;
const MAX_ADAPTIVES = 32;

const CACHE_COLUMNS = [
  [COL.cache1Name, COL.cache1Bytes],
  [COL.cache2Name, COL.cache2Bytes],
  [COL.cache3Name, COL.cache3Bytes],
] as const;

export interface Noting {
  /** Kept for the next note. */
  event(event: AgentEvent, wallMs: number): void;
  /** Fills the columns of the caches. */
  fill(row: Row): void;
  note(wallMs: number): RingNote;
  /** undefined: nothing changed since the one before. */
  next(wallMs: number): { readonly note: RingNote; readonly json: string } | undefined;
  /** The next one is new, whatever it says: it goes into another file. */
  forget(): void;
}

export function createNoting(snapshot: () => Snapshot): Noting {
  const names: string[] = [];
  const events: NotedEvent[] = [];
  let before = '';

  /** Where the name stands. */
  function indexOf(name: string): number {
    const short = name.slice(0, LONGEST_NAME);
    const known = names.indexOf(short);
    if (known !== -1) return known;
    if (names.length < MAX_NOTED_NAMES) names.push(names.length < MAX_NOTED_NAMES - 1 ? short : OTHER);
    return names.length - 1;
  }

  function fill(row: Row): void {
    const { caches } = snapshot();
    row[COL.cachesBytes] = caches.length === 0 ? Number.NaN : caches.reduce((sum, { bytes }) => sum + bytes, 0);
    const largest = largestOf(caches);
    for (const [index, [name, bytes]] of CACHE_COLUMNS.entries()) {
      const cache = largest[index];
      row[name] = cache === undefined ? Number.NaN : indexOf(cache.name);
      row[bytes] = cache?.bytes ?? Number.NaN;
    }
  }

  function whatIsNoted(): Omit<RingNote, 'wallMs'> {
    const { identity, degraded, actions, caches, cacheAccounts, reclaimed, shed, adaptives } = snapshot();
    const { mode, exporter } = identity;
    return {
      mode,
      exporter,
      names,
      degraded: degraded.map(({ reason, detail, repair }) => ({ reason, detail: cut(detail), repair: cut(repair) })),
      actions: notedActions(actions),
      caches: largestOf(caches).slice(0, MAX_NOTED_CACHES),
      cacheAccounts,
      reclaimed: notedReclaimed(reclaimed),
      shed: notedShed(shed),
      adaptives: adaptives.slice(0, MAX_ADAPTIVES),
      events,
    };
  }

  return {
    event(event, wallMs) {
      events.push(notedOf(event, snapshot().identity.process, wallMs));
      if (events.length > MAX_NOTED_EVENTS) events.shift();
    },
    fill,
    note: (wallMs) => ({ wallMs, ...whatIsNoted() }),
    next(wallMs) {
      const noted = whatIsNoted();
      const now = JSON.stringify(noted);
      if (now === before) return undefined;
      before = now;
      return { note: { wallMs, ...noted }, json: `{"wallMs":${wallMs},${now.slice(1)}` };
    },
    forget() {
      before = '';
    },
  };
}

function largestOf(caches: readonly CacheStatus[]): readonly CacheStatus[] {
  return caches.length > 1 ? caches.toSorted((a, b) => b.bytes - a.bytes) : caches;
}

function notedOf(event: AgentEvent, process: string, wallMs: number): NotedEvent {
  const { severityText, body, attributes } = recordOf(event, process, describeAssessment);
  const entries = Object.entries(attributes).map(([key, value]) => [
    key,
    typeof value === 'string' ? cut(value) : value,
  ]);
  return {
    name: event.name,
    wallMs,
    severity: severityText,
    text: cut(body),
    attributes: Object.fromEntries(entries) as NotedEvent['attributes'],
  };
}

function cut(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}
