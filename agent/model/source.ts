import type { HeapInfo, HeapSpaceInfo } from 'node:v8';

import type { ColumnName, ReadingName, Row } from './row.ts';

/** Why a reading cannot be had. `code` is stable; `detail` names the file or call; `repair` says what would help. */
export interface Unavailable {
  readonly source: string;
  readonly reading: ColumnName;
  readonly code: 'missing' | 'denied' | 'unsupported' | 'malformed' | 'platform';
  readonly detail: string;
  readonly repair: string;
}

/** What the sources ask Node.js itself for. Tests hand in what was recorded on another platform. */
export interface Runtime {
  readonly versions: Readonly<Record<'node' | 'v8' | 'uv', string>>;
  heapStatistics(): HeapInfo;
  heapSpaceStatistics(): HeapSpaceInfo[];
  /** Throws where Node.js cannot read the RSS that comes with it. */
  memoryUsage(): NodeJS.MemoryUsage;
  residentBytes(): number;
  pageFaults(): Pick<NodeJS.ResourceUsage, 'minorPageFault' | 'majorPageFault'>;
  uptimeSeconds(): number;
  totalMemoryBytes(): number;
  availableMemoryBytes(): number;
  /** 0: no limit, or none is known. */
  constrainedMemoryBytes(): number;
}

/** Everything a source may touch of the world; tests hand in a fixture tree and scripted values. */
export interface World {
  /** Prefix of every path under /proc and /sys: '' on the real machine, a fixture folder in tests. */
  readonly root: string;
  readonly platform: NodeJS.Platform;
  readonly runtime: Runtime;
  /** `process.execArgv` and NODE_OPTIONS: where heap flags are found. */
  readonly execArgv: readonly string[];
  readonly nodeOptions: string;
  /** The user's ceiling for this process's RSS, bytes. */
  readonly processBudgetBytes: number | undefined;
  /** Monotonic clock, ms. */
  monotonicMs(): number;
  /** Asks for a full sample as soon as the loop is free: called by the GC source after a major collection. */
  requestSample(): void;
}

/**
 * Reads one thing into its columns of a row. Decides nothing.
 * `read` never throws and allocates as little as the platform allows; a reading that cannot be had is NaN
 * and has an entry in `unavailable()`.
 */
export interface Source {
  readonly name: string;
  readonly readings: readonly ReadingName[];
  read(row: Row): void;
  /**
   * The cheap read between full samples: refreshes only the columns in `probed` (raw usage numbers).
   * Absent where the source has nothing that can move fast.
   */
  probe?(row: Row): void;
  readonly probed?: readonly ReadingName[];
  unavailable(): readonly Unavailable[];
  /** Facts that do not change per sample (paths, version, cgroup mode), for `doctor` and the ring header. */
  facts(): Readonly<Record<string, string | number | boolean>>;
  close(): void;
}

export type SourceFactory = (world: World) => Source;
