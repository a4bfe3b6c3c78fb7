/** What must not drift, and by how much it may. */

/** Read from outside (the kernel, the endpoint) and from inside (service.cjs), together. */
export interface Figures {
  readonly rssMegabytes: number;
  readonly anonymousMegabytes: number;
  /** After a collection. */
  readonly heapMegabytes: number;
  /** Of ours, where they are exported; NaN where nothing is. */
  readonly series: number;
  readonly fileDescriptors: number;
  readonly threads: number;
  readonly handles: number;
  readonly timers: number;
}

export interface FigureKind {
  readonly key: keyof Figures;
  readonly title: string;
  /** What it may have grown from the first quarter to the last, beyond the same process without Plimsoll. */
  readonly bound: number;
}

export const FIGURES: readonly FigureKind[] = [
  // two processes that do the same differ by this much from hour to hour: V8 sizes its young generation by chance
  { key: 'rssMegabytes', title: 'RSS, MB', bound: 4 },
  { key: 'anonymousMegabytes', title: 'anonymous, MB', bound: 4 },
  { key: 'heapMegabytes', title: 'heap used after a collection, MB', bound: 0.5 },
  // the time to each of the three limits comes and goes
  { key: 'series', title: 'series', bound: 3 },
  { key: 'fileDescriptors', title: 'file descriptors', bound: 1 },
  { key: 'threads', title: 'threads', bound: 0 },
  { key: 'handles', title: 'handles', bound: 1 },
  { key: 'timers', title: 'timers', bound: 1 },
];

export interface Reading {
  readonly atMs: number;
  readonly figures: Figures;
}
