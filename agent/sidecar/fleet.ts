/** Every process that the sidecar watches, as its exporters, its HTTP API and its page see them. */
import type { NotedEvent, RingNote } from '../model/note.ts';
import type { DeathCount, Postmortem, WorkloadDeaths } from '../model/postmortem.ts';
import type { Row } from '../model/row.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RingHeader } from '../record/header.ts';
import type { ControlClient } from '../control/client.ts';

/** `blocked`: it lives, and its ring has been silent for twice the interval that its last record announced. */
export type MemberState = 'live' | 'blocked' | 'ended';

/** One process, live or lately dead. */
export interface Member {
  /** `service.instance.id`: the name of its ring file. */
  readonly instanceId: string;
  /** The ring file. */
  readonly path: string;
  readonly header: RingHeader;
  /** ms since the epoch. */
  readonly startWallMs: number;
  state(): MemberState;
  /** Wall clock, ms; undefined: not blocked. */
  blockedSinceMs(): number | undefined;
  /** With the slot that it has in this fleet; undefined: no record yet. */
  snapshot(): Snapshot | undefined;
  note(): RingNote | undefined;
  /** The records that the ring still holds, oldest first, from this wall clock on. Reads the file; the rows are valid until the next call for any member. */
  records(sinceWallMs: number): readonly Row[];
  /** A row each ten seconds over the last two hours, of few columns (the others are NaN), oldest first; valid until the next call. */
  history(sinceWallMs: number): readonly Row[];
  /** undefined: it cannot be asked now. */
  control(): ControlClient | undefined;
}

export type FleetChange =
  | { readonly kind: 'appeared' | 'ended' | 'blocked' | 'unblocked'; readonly member: Member }
  /** A new latest record; at most one each 250 ms and member. */
  | { readonly kind: 'sample'; readonly member: Member }
  | { readonly kind: 'event'; readonly member: Member; readonly event: NotedEvent }
  | { readonly kind: 'postmortem'; readonly postmortem: Postmortem };

export interface Fleet {
  /** Live ones, in the order of service, container and slot; then those that ended within the last ten minutes. */
  members(): readonly Member[];
  /** Of this folder since it was made: every pair of cause and evidence, 0 included. */
  deaths(): readonly DeathCount[];
  /** The same by service and container, for alerts; at most MAX_WORKLOADS and one. */
  workloadDeaths(): readonly WorkloadDeaths[];
  /** Newest first. */
  postmortems(): readonly Postmortem[];
  /** Events of the last two days, newest first, at most 1000. */
  events(): readonly { readonly instanceId: string; readonly event: NotedEvent }[];
  /** Answers what ends it. Listeners never throw. */
  subscribe(listener: (change: FleetChange) => void): () => void;
  stop(): Promise<void>;
}
