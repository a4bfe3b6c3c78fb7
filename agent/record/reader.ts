/** Reads a ring file: its records, or only the latest one. Works on a live file and on what a dead process left. */
import type { RingHeader } from './header.ts';
import { withRing, type OpenRing, type Read, type RingEnd, type RingRecord } from './open-ring.ts';

export interface RingReading {
  readonly header: RingHeader;
  /** Oldest first, at most one per sequence. */
  readonly records: readonly RingRecord[];
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
  readonly end: RingEnd | undefined;
}

/** The newest record alone: a third of the cost of all. */
export function readLatest(path: string): Read<LatestReading> {
  return withRing(path, (ring) => ({ header: ring.header, record: latestOf(ring), end: ring.end }));
}

function readAll(ring: OpenRing): RingReading {
  const { header, end } = ring;
  const intact: RingRecord[] = [];
  let rejected = 0;
  for (let slot = 0; slot < ring.slots; slot++) {
    const state = ring.state(slot);
    if (state === 'intact') intact.push(ring.record(slot));
    if (state === 'damaged') rejected += 1;
  }
  intact.sort((a, b) => a.sequence - b.sequence);
  const newest = intact.at(-1)?.sequence ?? 0;
  const oldest = Math.max(1, newest - header.capacity + 1);
  // whole laps behind the newest: a slot whose later record was lost, with a hole in time after it
  const records = intact.filter(({ sequence }) => sequence >= oldest);
  rejected += intact.length - records.length;
  return { header, records, end, missing: newest - oldest + 1 - records.length, rejected };
}

function latestOf(ring: OpenRing): RingRecord | undefined {
  const slots = Array.from({ length: ring.slots }, (_, slot) => ({ slot, sequence: ring.claimedSequence(slot) }));
  const newestFirst = slots.filter(({ sequence }) => sequence > 0).toSorted((a, b) => b.sequence - a.sequence);
  const newest = newestFirst.find(({ slot }) => ring.state(slot) === 'intact');
  return newest === undefined ? undefined : ring.record(newest.slot);
}
