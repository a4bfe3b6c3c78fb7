/** A process as its exporters would be given it by itself: the latest row, and what the note of its ring file says beside. */
import { NOTHING_GIVEN_BACK, type Degradation, type Mode, type Snapshot } from '../model/snapshot.ts';
import type { RingNote } from '../model/note.ts';
import type { Row } from '../model/row.ts';
import type { RingHeader } from '../record/header.ts';

export interface SnapshotParts {
  readonly row: Row;
  readonly header: RingHeader;
  /** undefined: none was written yet. */
  readonly note: RingNote | undefined;
  readonly slot: string;
  readonly tellsSurroundings: boolean;
  /** What the process itself cannot say. */
  readonly degraded: readonly Degradation[];
}

export function snapshotOf({ row, header, note, slot, tellsSurroundings, degraded }: SnapshotParts): Snapshot {
  const { serviceName, serviceInstanceId, agentVersion, nodeVersion, mode, exporter, resource } = header.identity;
  const { actions, caches, cacheAccounts, reclaimed, shed, adaptives } = note ?? { ...NOTHING_GIVEN_BACK, actions: [] };
  return {
    row,
    identity: {
      serviceName,
      serviceInstanceId,
      process: slot,
      agentVersion,
      nodeVersion,
      mode: (note?.mode ?? mode) as Mode,
      exporter: note?.exporter ?? exporter,
      resource,
    },
    tellsSurroundings,
    // first: metrics name few reasons, and this one explains the others' age
    degraded: [...degraded, ...(note?.degraded ?? [])],
    actions,
    caches,
    cacheAccounts,
    reclaimed,
    shed,
    adaptives,
  };
}

const BLOCKED = 'event_loop_blocked';

export function blockedFor(forMs: number): Degradation {
  return {
    reason: BLOCKED,
    detail: `the event loop is blocked: no sample for ${Math.round(forMs / 1000)} s`,
    repair: 'look for synchronous work, a long collection or a process that was stopped',
  };
}
