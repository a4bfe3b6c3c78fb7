/** The newest record of a ring file, without reading all of them. */
import type { OpenRing } from './open-ring.ts';
import type { RingRecord, Slots } from './slots.ts';

/** undefined: none was written yet, or none is left. Where somebody zeroed a slot it may be an older one. */
export function newestRecord(ring: OpenRing): RingRecord | undefined {
  return found(ring) ?? scanned(ring);
}

/**
 * Slots are written in turn: those of this lap come first, behind them are those of the lap before, or empty ones. A binary search finds the
 * border; undefined: it met something else.
 */
function found(ring: OpenRing): RingRecord | undefined {
  const slots = ring.slots(1);
  const { capacity } = ring.header;
  const lap = lapOf(slots, 0, capacity);
  if (lap === undefined || lap === NEVER) return undefined;
  let newest = 0;
  let older = ring.slotCount;
  while (older - newest > 1) {
    const middle = (newest + older) >> 1;
    const its = lapOf(slots, middle, capacity);
    if (its === lap) newest = middle;
    else if (its === lap - 1) older = middle;
    else return undefined;
  }
  slots.load(newest);
  return slots.state(newest) === 'intact' ? slots.record(newest) : undefined;
}

/** Of a slot that was never written: as if it were of the lap before the first. */
const NEVER = -1;

/** undefined: it holds something else. */
function lapOf(slots: Slots, slot: number, capacity: number): number | undefined {
  slots.load(slot);
  const sequence = slots.claimedSequence(slot);
  if (sequence !== 0) return (sequence - 1 - slot) / capacity;
  return slots.state(slot) === 'empty' ? NEVER : undefined;
}

function scanned({ slots: room, slotCount }: OpenRing): RingRecord | undefined {
  const slots = room(slotCount);
  slots.load(0);
  const claimed = Array.from({ length: slotCount }, (_, slot) => ({ slot, sequence: slots.claimedSequence(slot) }));
  const newestFirst = claimed.filter(({ sequence }) => sequence > 0).toSorted((a, b) => b.sequence - a.sequence);
  const newest = newestFirst.find(({ slot }) => slots.state(slot) === 'intact');
  return newest === undefined ? undefined : slots.record(newest.slot);
}
