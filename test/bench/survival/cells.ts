/** What is survived or not: every combination that budget B12 names, and growth that is reported only. */

const SHAPES = ['buffers', 'objects', 'mixed'] as const;
export type Shape = (typeof SHAPES)[number];

/** A Map nobody limits; an `lru-cache` of 100 000 entries; one whose `maxSize` is more than the container; a queue that outgrows. */
const PROGRAMS = ['map', 'lru-entries', 'lru-size', 'queue'] as const;
export type Program = (typeof PROGRAMS)[number];

const CONTAINERS_MEBIBYTES = [128, 256, 512] as const;
const JUDGED_SPEEDS = [25, 50, 100, 200] as const;
/** Faster than the promise, and all at once. */
const REPORTED_SPEEDS = [400, 'synchronous'] as const;
export type Speed = (typeof JUDGED_SPEEDS)[number] | (typeof REPORTED_SPEEDS)[number];

export interface Cell {
  readonly program: Program;
  readonly shape: Shape;
  readonly containerMebibytes: number;
  /** Growth, MB/s. */
  readonly speed: Speed;
  readonly judged: boolean;
}

/** How a run is made to survive, or not. `twice`: nothing, in a container twice as large, which the others are compared with. */
export type Guard = 'none' | 'twice' | 'registered' | 'discovered' | 'headroom' | 'shed' | 'under-pressure' | 'tuned';

/** Guards by which Plimsoll is judged; the rest is shown beside it. */
export const JUDGED_GUARDS: ReadonlySet<Guard> = new Set(['registered', 'discovered', 'headroom']);

export function allCells(): readonly Cell[] {
  return PROGRAMS.flatMap((program) =>
    SHAPES.flatMap((shape) =>
      CONTAINERS_MEBIBYTES.flatMap((containerMebibytes) =>
        [...JUDGED_SPEEDS, ...(program === 'queue' ? [400 as const] : REPORTED_SPEEDS)].map((speed): Cell => ({
          program,
          shape,
          containerMebibytes,
          speed,
          judged: JUDGED_SPEEDS.some((judged) => judged === speed),
        })),
      ),
    ),
  );
}

/** Every program with every shape in every container at one speed, and every speed with one of each. */
export function usualCells(): readonly Cell[] {
  return allCells().filter(
    ({ shape, containerMebibytes, speed }) => speed === 100 || (shape === 'mixed' && containerMebibytes === 256),
  );
}

/** Two deaths that must not happen: seconds instead of an hour. */
export function shortCells(): readonly Cell[] {
  const keys = new Set(['lru-entries mixed 256 100', 'map buffers 128 50']);
  return allCells().filter((cell) => keys.has(cellKey(cell)));
}

export function guardsOf({ program }: Cell): readonly Guard[] {
  if (program === 'queue') return ['none', 'twice', 'headroom', 'shed', 'under-pressure'];
  // a Map is no library's: nobody can find it
  if (program === 'map') return ['none', 'twice', 'registered', 'under-pressure', 'tuned'];
  return ['none', 'twice', 'registered', 'discovered', 'under-pressure', 'tuned'];
}

/** As `--cell` takes it: `lru-size objects 256 100`. */
export function cellKey({ program, shape, containerMebibytes, speed }: Cell): string {
  return `${program} ${shape} ${containerMebibytes} ${speed}`;
}

/** The cells whose key has every word of the pattern. */
export function matches(cell: Cell, pattern: string): boolean {
  const words = cellKey(cell).split(' ');
  return pattern.split(/\s+/).every((wanted) => words.includes(wanted));
}
