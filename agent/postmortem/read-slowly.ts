/** Reads a whole ring file in slices: checking 1.6 MB at once would hold up an event loop for 10 to 30 ms. */
import { openRing } from '../record/open-ring.ts';
import type { RingReading } from '../record/reader.ts';
import type { RingRecord } from '../record/slots.ts';

/** Each is 1.5 kB. */
const SLOTS_AT_ONCE = 48;

/** undefined: it cannot be read, or is gone. `pause` gives the loop back. */
export async function readSlowly(path: string, pause: () => Promise<void>): Promise<RingReading | undefined> {
  const opened = openRing(path);
  if (!opened.ok) return undefined;
  const ring = opened.reading;
  try {
    const { header, slotCount } = ring;
    const slots = ring.slots(Math.min(SLOTS_AT_ONCE, slotCount));
    const records: RingRecord[] = [];
    let rejected = 0;
    for (let first = 0; first < slotCount; first += SLOTS_AT_ONCE) {
      // the last ones are read once more rather than behind the end
      const from = Math.max(0, Math.min(first, slotCount - SLOTS_AT_ONCE));
      slots.load(from);
      for (let slot = first; slot < Math.min(first + SLOTS_AT_ONCE, slotCount); slot++) {
        const state = slots.state(slot);
        if (state === 'intact') records.push(slots.record(slot));
        if (state === 'damaged') rejected += 1;
      }
      await pause();
    }
    records.sort((a, b) => a.sequence - b.sequence);
    const newest = records.at(-1)?.sequence ?? 0;
    const kept = records.filter(({ sequence }) => sequence > newest - header.capacity);
    return { header, records: kept, note: ring.note(), end: ring.end(), missing: 0, rejected };
  } catch {
    return undefined;
  } finally {
    ring.close();
  }
}
