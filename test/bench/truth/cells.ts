/** What is run to its death: every combination that budget B10 names, and the shapes that no ratio can foresee. */

export const SHAPES = ['objects', 'strings', 'arrays', 'buffers'] as const;
/** One allocation of theirs is as large as all before it, or the loop never turns again: reported, not judged. */
export const UNFORESEEABLE_SHAPES = ['maps', 'json', 'synchronous'] as const;
export type Shape = (typeof SHAPES)[number] | (typeof UNFORESEEABLE_SHAPES)[number];

const NODES = ['22', '24', '26'] as const;
const OLD_SPACES_MEBIBYTES = [64, 192, 512, undefined] as const;
const CONTAINERS_MEBIBYTES = [256, 512] as const;

export interface Cell {
  readonly node: string;
  readonly shape: Shape;
  /** --max-old-space-size; undefined is V8's own choice. */
  readonly oldSpaceMebibytes: number | undefined;
  readonly containerMebibytes: number;
  readonly judged: boolean;
}

/** Judged cells first. */
export function allCells(): readonly Cell[] {
  const judged = NODES.flatMap((node) =>
    SHAPES.flatMap((shape) =>
      OLD_SPACES_MEBIBYTES.flatMap((oldSpaceMebibytes) =>
        CONTAINERS_MEBIBYTES.map((containerMebibytes): Cell => ({
          node,
          shape,
          oldSpaceMebibytes,
          containerMebibytes,
          judged: true,
        })),
      ),
    ),
  );
  const reported = NODES.flatMap((node) =>
    UNFORESEEABLE_SHAPES.flatMap((shape) =>
      [192, undefined].map((oldSpaceMebibytes): Cell => ({
        node,
        shape,
        oldSpaceMebibytes,
        containerMebibytes: 512,
        judged: false,
      })),
    ),
  );
  return [...judged, ...reported];
}

const SHORT: ReadonlySet<string> = new Set([
  '22 objects 192 512',
  '24 arrays 64 256',
  '24 objects default 256',
  '26 strings 192 512',
  '26 buffers 64 256',
]);

/** One death of each kind on each Node.js, and the smallest and the largest heap: seconds instead of minutes. */
export function shortCells(): readonly Cell[] {
  return allCells().filter((cell) => SHORT.has(cellKey(cell)));
}

/** As `--cell` takes it: `24 objects 192 512`, `24 buffers default 256`. */
export function cellKey({ node, shape, oldSpaceMebibytes, containerMebibytes }: Cell): string {
  return `${node} ${shape} ${oldSpaceMebibytes ?? 'default'} ${containerMebibytes}`;
}

/** The cells whose key has every word of the pattern: `24 arrays` is every array cell on Node.js 24. */
export function matches(cell: Cell, pattern: string): boolean {
  const words = cellKey(cell).split(' ');
  return pattern.split(/\s+/).every((wanted) => words.includes(wanted));
}
