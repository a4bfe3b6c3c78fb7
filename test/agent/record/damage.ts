/** Ways in which a ring file may be damaged; each is a pure function of its random numbers. */

/** Random numbers that a seed repeats (mulberry32). */
export interface Random {
  /** 0 .. below − 1 */
  below(below: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(below) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    },
  };
}

export interface Subject {
  /** Where the slots begin, and how long each is, bytes. */
  readonly firstSlot: number;
  readonly recordBytes: number;
  /** Other states of the same file, and other files: what blocks may be mixed in from. */
  readonly others: readonly Buffer[];
}

type Damage = (bytes: Buffer, random: Random, subject: Subject) => Buffer;

function range(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + random.below(2 ** random.below(14)))];
}

function other(random: Random, { others }: Subject): Buffer {
  return others[random.below(others.length)] ?? Buffer.alloc(0);
}

function slotStart(bytes: Buffer, random: Random, { firstSlot, recordBytes }: Subject): number {
  const slots = Math.max(1, Math.floor((bytes.length - firstSlot) / recordBytes));
  return firstSlot + random.below(slots) * recordBytes;
}

export const DAMAGES: Readonly<Record<string, Damage>> = {
  truncate: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),

  flipBits(bytes, random, { firstSlot }) {
    // half of them where the records are, else most would hit the padding of the header
    const from = random.below(2) === 0 ? 0 : Math.min(firstSlot, bytes.length - 1);
    for (let flips = 1 + random.below(8); flips > 0 && bytes.length > 0; flips--) {
      const at = from + random.below(bytes.length - from);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    return bytes;
  },

  zero: (bytes, random) => bytes.fill(0, ...range(bytes, random)),

  scramble(bytes, random) {
    const [from, to] = range(bytes, random);
    for (let at = from; at < to; at++) bytes[at] = random.below(256);
    return bytes;
  },

  swapSlots(bytes, random, subject) {
    const [a, b] = [slotStart(bytes, random, subject), slotStart(bytes, random, subject)];
    const kept = Buffer.from(bytes.subarray(a, a + subject.recordBytes));
    bytes.copyWithin(a, b, b + subject.recordBytes);
    kept.copy(bytes, b);
    return bytes;
  },

  duplicateSlot(bytes, random, subject) {
    const from = slotStart(bytes, random, subject);
    return bytes.copyWithin(slotStart(bytes, random, subject), from, from + subject.recordBytes);
  },

  foreignSlot(bytes, random, subject) {
    const at = slotStart(bytes, random, subject);
    const from = other(random, subject);
    if (at < from.length) from.copy(bytes, at, at, at + subject.recordBytes);
    return bytes;
  },

  interleave(bytes, random, subject) {
    const from = other(random, subject);
    const blockBytes = [1, 8, 16, 64, 512, 4096][random.below(6)] ?? 1;
    const first = random.below(2) === 0 ? 0 : subject.firstSlot;
    for (let at = first; at < Math.min(bytes.length, from.length); at += blockBytes) {
      if (random.below(2) === 0) from.copy(bytes, at, at, Math.min(at + blockBytes, bytes.length));
    }
    return bytes;
  },

  shift(bytes, random) {
    const [from, to] = range(bytes, random);
    return random.below(2) === 0
      ? Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
      : Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
};
