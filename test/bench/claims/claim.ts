/** A claim, and what came of it. */
export interface Claim {
  readonly what: string;
  /** For a person: figures with their units. */
  readonly before: string;
  readonly after: string;
  readonly measured: number;
  readonly wanted: number;
  /** `-73 %` is a change, `5.6 x` a factor, ms a time. */
  readonly unit: '%' | 'x' | 'ms';
  /** Reached when measured is … wanted. */
  readonly is: 'at most' | 'at least';
  /** How it was reached, and what it cost; or why not. */
  readonly note: string;
}

export function isReached({ measured, wanted, is }: Claim): boolean {
  return is === 'at most' ? measured <= wanted : measured >= wanted;
}

/** Change from `before` to `after`, %. */
export function change(before: number, after: number): number {
  return (after / before - 1) * 100;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
