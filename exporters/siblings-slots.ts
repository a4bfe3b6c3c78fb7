/**
 * The slots of one scrape, `plimsoll.process`: given to processes that come and go, and given again. A cluster counts its workers up for
 * ever, so a number that has become free goes before a number never seen: a service that restarts its workers makes no new series.
 */
export interface Slots {
  /** The wish where that is free, `worker-<n>` else. */
  take(wish: string): string;
  giveBack(slot: string): void;
}

/** The wish of a process that knows of no number; whoever has it first keeps it. */
export const MAIN = 'main';
const SLOT = /^(main|worker-\d{1,6})$/;

export function createSlots(): Slots {
  const taken = new Set<string>();
  const known = new Set<string>();

  function choose(wish: string): string {
    const isFree = SLOT.test(wish) && !taken.has(wish);
    if (isFree && (wish === MAIN || known.has(wish))) return wish;
    const [used] = [...known].filter((slot) => slot !== MAIN && !taken.has(slot)).toSorted(bySlot);
    return used ?? (isFree ? wish : lowestFree());
  }

  function lowestFree(): string {
    let number = 1;
    while (taken.has(`worker-${number}`)) number += 1;
    return `worker-${number}`;
  }

  return {
    take(wish) {
      const slot = choose(wish);
      taken.add(slot);
      known.add(slot);
      return slot;
    },
    giveBack: (slot) => taken.delete(slot),
  };
}

/** `main` first, then by number. */
export function bySlot(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}

function numberOf(slot: string): number {
  return slot === MAIN ? -1 : Number(slot.slice('worker-'.length));
}
