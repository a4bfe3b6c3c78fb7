/** Follows a ring file that is being written: what is new since the last look, for a few small reads. */
import type { RingNote } from '../model/note.ts';
import type { RingHeader } from './header.ts';
import { newestRecord } from './newest.ts';
import { openRing, type OpenRing, type Read, type RingEnd } from './open-ring.ts';
import type { RingRecord } from './slots.ts';

export interface RingPoll {
  /** New ones, oldest first. The first poll that finds any has the newest alone: `readRing` has those before it. So has one that was overtaken. */
  readonly rows: readonly RingRecord[];
  /** Only when it changed. */
  readonly note: RingNote | undefined;
  /** From when it is there on. */
  readonly end: RingEnd | undefined;
  /** The file was deleted, or cannot be read any more: the process may have made another of the same name. */
  readonly isGone: boolean;
}

export interface RingFollower {
  readonly header: RingHeader;
  /** Never throws. */
  poll(): RingPoll;
  /** Whatever it is asked then, it is gone. */
  close(): void;
}

const GONE: RingPoll = { rows: [], note: undefined, end: undefined, isGone: true };

/** Keeps the file open. PLM_RING_UNREADABLE: also of one that is just being made; try again. */
export function followRing(path: string): Read<RingFollower> {
  const opened = openRing(path);
  if (!opened.ok) return opened;
  const ring = opened.reading;
  const newRows = createRows(ring);
  let isOpen = true;

  function poll(): RingPoll {
    if (!isOpen) return GONE;
    try {
      return { rows: newRows(), note: ring.note(), end: ring.end(), isGone: ring.isDeleted() };
    } catch {
      return GONE;
    }
  }

  function close(): void {
    if (isOpen) ring.close();
    isOpen = false;
  }

  return { ok: true, reading: { header: ring.header, poll, close } };
}

function createRows(ring: OpenRing): () => readonly RingRecord[] {
  const { capacity } = ring.header;
  const one = ring.slots(1);
  let last = 0;

  const slotOf = (sequence: number): number => (sequence - 1) % capacity;

  /** Loads the slot of that sequence; answers what it claims to hold. */
  function claimed(sequence: number): number {
    one.load(slotOf(sequence));
    return one.claimedSequence(slotOf(sequence));
  }

  /** Of the slot that is loaded. */
  function intact(sequence: number): RingRecord | undefined {
    return one.state(slotOf(sequence)) === 'intact' ? one.record(slotOf(sequence)) : undefined;
  }

  function newest(): readonly RingRecord[] {
    const record = newestRecord(ring);
    if (record === undefined || record.sequence <= last) return [];
    last = record.sequence;
    return [record];
  }

  return () => {
    if (last === 0) return claimed(1) === 0 ? [] : newest();
    const rows: RingRecord[] = [];
    while (rows.length < capacity) {
      const next = last + 1;
      const its = claimed(next);
      if (its > next) return [...rows, ...newest()];
      if (its < next) break;
      // a slot that stays torn was damaged: the one behind it says so
      const record = intact(next) ?? (claimed(next + 1) === next + 1 ? intact(next + 1) : undefined);
      if (record === undefined) break;
      rows.push(record);
      last = record.sequence;
    }
    return rows;
  };
}
