import type { RequestOptions } from 'node:http';

type Lookup = NonNullable<RequestOptions['lookup']>;

export interface CancellableLookup {
  readonly lookup: Lookup | undefined;
  cancel(): void;
}

export function createLookup(): CancellableLookup {
  return { lookup: undefined, cancel: () => undefined };
}
