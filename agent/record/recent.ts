/**
 * The records of a ring file from a moment on, for who looks at many files and keeps nothing: in memory that is used again. A fresh buffer for each of a
 * thousand rows is off V8's heap, which collects it only once there are 64 MB of them.
 */
import { COL, createRow, type Row } from '../model/row.ts';
import { newestRecord } from './newest.ts';
import { withRing, type OpenRing, type Read } from './open-ring.ts';

/** Slots that are read at once. */
const AT_ONCE = 32;

/** Rows of the last call, lent until the next. */
const pool: Row[] = [];

/** Oldest first. The rows are valid until this is called again. */
export function recentRows(path: string, sinceWallMs: number): Read<readonly Row[]> {
  return withRing(path, (ring) => read(ring, sinceWallMs));
}

function read(ring: OpenRing, sinceWallMs: number): readonly Row[] {
  const newest = newestRecord(ring)?.sequence;
  if (newest === undefined) return [];
  const { slotCount, header } = ring;
  const slots = ring.slots(Math.min(AT_ONCE, slotCount));
  const rows: Row[] = [];
  // behind the newest stands the oldest
  const first = newest % header.capacity;
  const ranges = [
    { from: first, to: slotCount },
    { from: 0, to: Math.min(first, slotCount) },
  ];
  for (const { from, to } of ranges) {
    for (let slot = from; slot < to; slot++) {
      if ((slot - from) % AT_ONCE === 0) slots.load(slot);
      const sequence = slots.claimedSequence(slot);
      // what is written meanwhile is newer
      if (sequence === 0 || sequence > newest || sequence <= newest - header.capacity) continue;
      if (slots.state(slot) !== 'intact') continue;
      const row = (pool[rows.length] ??= createRow()).fill(Number.NaN);
      slots.record(slot, row);
      if ((row[COL.wallMs] as number) >= sinceWallMs) rows.push(row);
    }
  }
  return rows;
}
