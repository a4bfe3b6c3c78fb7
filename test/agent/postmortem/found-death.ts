/** Deaths as they might be found: the last second of a process in a container of 256 MiB, and what is known of its end. */
import type { RingNote } from '../../../agent/model/note.ts';
import type { ColumnName, Row } from '../../../agent/model/row.ts';
import type { FoundDeath, WorldEvidence } from '../../../agent/postmortem/index.ts';
import type { RingReading } from '../../../agent/record/reader.ts';
import { rowOf } from '../../helpers/snapshot.ts';

export const MIB = 2 ** 20;
export const LAST_MS = 1_795_300_000_000;
const SAMPLES = 20;
const INTERVAL_MS = 50;

export type Values = Partial<Record<ColumnName, number>>;

const HELD: Values = {
  agentIntervalSeconds: 1,
  level: 0,
  pressureRatio: 0.3,
  bindingConstraint: 1,
  cgroupLimitBytes: 256 * MIB,
  cgroupUnreclaimableBytes: 80 * MIB,
  cgroupEventsMax: 3,
  cgroupOwnOomKills: 2,
  containerUsageBytes: 80 * MIB,
  containerLimitBytes: 256 * MIB,
  containerUtilizationRatio: 80 / 256,
  containerGrowthBytesPerSecond: 0,
  heapOldUsedBytes: 30 * MIB,
  heapOldPagesBytes: 32 * MIB,
  heapNewLargeUsedBytes: 0,
  heapOldLimitBytes: 128 * MIB,
  heapSizeLimitBytes: 131 * MIB,
  heapUsedBytes: 33 * MIB,
  heapExternalBytes: 4 * MIB,
  hostTotalBytes: 16_384 * MIB,
  hostAvailableBytes: 9_000 * MIB,
  processRssBytes: 100 * MIB,
};

export interface Life {
  /** At the last sample. */
  readonly last?: Values;
  /** Bytes a second by which these columns grew over the last second. */
  readonly growth?: Values;
  readonly exitCode?: number;
  readonly ending?: FoundDeath['ending'];
  readonly evidence?: Partial<WorldEvidence>;
  /** After the last sample; undefined: nobody knows when it died. */
  readonly diedAfterMs?: number;
  readonly note?: RingNote;
  readonly rows?: readonly Row[];
}

/** The last second, a sample each 50 ms. */
export function rowsOf({ last = {}, growth = {} }: Life): readonly Row[] {
  return Array.from({ length: SAMPLES }, (_, index) => {
    const beforeMs = (SAMPLES - 1 - index) * INTERVAL_MS;
    const values: Values = { ...HELD, ...last, wallMs: LAST_MS - beforeMs, monotonicMs: 60_000 - beforeMs };
    for (const [column, perSecond] of Object.entries(growth)) {
      values[column as ColumnName] = (values[column as ColumnName] ?? 0) - (perSecond * beforeMs) / 1000;
    }
    return rowOf(values);
  });
}

export function found(life: Life): FoundDeath {
  const { exitCode, diedAfterMs, note } = life;
  const rows = life.rows ?? rowsOf(life);
  const identity = {
    serviceName: 'checkout',
    serviceInstanceId: '20261121T231745123Z-9f86d081884c7d65',
    process: 'main',
    agentVersion: '0.1.0',
    nodeVersion: '24.21.0',
    mode: 'protect',
    exporter: 'none',
    resource: { 'k8s.container.name': 'app' },
    pid: 1,
    heapFlags: [],
    startWallMs: LAST_MS - 60_000,
    startMonotonicMs: 0,
  };
  const header = {
    columns: [],
    identity,
    facts: {},
    policy: undefined,
    omitted: 0,
  } as unknown as RingReading['header'];
  const reading: RingReading = {
    header,
    records: rows.map((row, index) => ({ sequence: index + 1, row })),
    note,
    end: exitCode === undefined ? undefined : { exitCode, wallMs: LAST_MS + 20, lastSequence: rows.length },
    missing: 0,
    rejected: 0,
  };
  return {
    path: '/rings/x.ring',
    reading,
    note,
    foundBy: 'sidecar',
    foundMs: LAST_MS + 500,
    diedMs: diedAfterMs === undefined ? undefined : LAST_MS + diedAfterMs,
    ending: life.ending,
    evidence: { oomKillsAfter: undefined, fatalReport: undefined, ...life.evidence },
  };
}
