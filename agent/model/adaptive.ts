/** A number of the application that shrinks with pressure. */
import type { LevelName } from './level.ts';

/** What it becomes at a level: a part of `initial`, or a value; never less than `min`. */
export type AdaptiveStep = { readonly factor: number } | { readonly value: number };

export interface AdaptiveOptions {
  readonly initial: number;
  readonly min: number;
  /** Default: halved per level; at critical `min`. */
  readonly levels?: Readonly<Partial<Record<Exclude<LevelName, 'normal'>, AdaptiveStep>>>;
  /** So long after the level went down it stays small, ms; default 10 000. */
  readonly recoverAfterMs?: number;
}

export interface AdaptiveValue {
  /** Whole when `initial` and `min` are. */
  readonly value: number;
  dispose(): void;
}
