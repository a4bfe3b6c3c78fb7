/** Reads ring files: all records, or the newest alone. */
import type { RingNote } from '../model/note.ts';
import type { RingHeader } from './header.ts';
import { newestRecord } from './newest.ts';
import { withRing, type OpenRing, type Read, type RingEnd } from './open-ring.ts';
import type { RingRecord } from './slots.ts';

export interface RingReading {
  readonly header: RingHeader;
  /** Oldest first, at most one per sequence. */
  readonly records: readonly RingRecord[];
  /** undefined: none was written, or the file is of a version that wrote none. */
  readonly note: RingNote | undefined;
  /** undefined: still running, or killed. */
  readonly end: RingEnd | undefined;
  /** Records that the file should hold, by the newest sequence, and does not. */
  readonly missing: number;
  /** Slots that hold something which is not a record of this file and this time: torn, damaged, copied there. */
  readonly rejected: number;
}

/** All records of a ring file. PLM_RING_UNREADABLE when it is not one, or its header is damaged. */
export function readRing(path: string): Read<RingReading> {
  return withRing(path, readAll);
}

export interface LatestReading {
  readonly header: RingHeader;
  /** undefined: none was written yet, or none is left. */
  readonly record: RingRecord | undefined;
  readonly note: RingNote | undefined;
  readonly end: RingEnd | undefined;
}

/** The newest record alone, found by a dozen small reads. */
export function readLatest(path: string): Read<LatestReading> {
  return withRing(path, (ring) => {
    const record = newestRecord(ring);
    return { header: ring.header, record, note: ring.note(), end: ring.end() };
  });
}

function readAll(ring: OpenRing): RingReading {
  const { header, slotCount } = ring;
  const slots = ring.slots(slotCount);
  slots.load(0);
  const intact: RingRecord[] = [];
  let rejected = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    const state = slots.state(slot);
    if (state === 'intact') intact.push(slots.record(slot));
    if (state === 'damaged') rejected += 1;
  }
  intact.sort((a, b) => a.sequence - b.sequence);
  const newest = intact.at(-1)?.sequence ?? 0;
  const oldest = Math.max(1, newest - header.capacity + 1);
  // whole laps behind the newest: a slot whose later record was lost, with a hole in time after it
  const records = intact.filter(({ sequence }) => sequence >= oldest);
  rejected += intact.length - records.length;
  const missing = newest - oldest + 1 - records.length;
  return { header, records, note: ring.note(), end: ring.end(), missing, rejected };
}
