/** One process that the sidecar watches: its ring file read at the pace of its records, a connection to its agent held open. */
import type { ControlClient } from '../control/client.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { NotedEvent, RingNote } from '../model/note.ts';
import { COL, type Row } from '../model/row.ts';
import type { RingFile } from '../record/directory.ts';
import { followRing, type RingFollower } from '../record/follow.ts';
import type { RingEnd } from '../record/open-ring.ts';
import type { RingReading } from '../record/reader.ts';
import { recentRows } from '../record/recent.ts';
import type { RingRecord } from '../record/slots.ts';
import type { Clock } from '../sample/clock.ts';
import { createFreshEvents } from './event-log.ts';
import type { Member, MemberState } from './fleet.ts';
import { createHistory } from './history.ts';
import { lifeOf, silenceLimitMs, type PidState } from './life.ts';
import type { Line } from './line.ts';
import { blockedFor, snapshotOf } from './snapshot.ts';

/** How often the file is read: near a limit, and at rest. */
const NEAR_MS = 250;
const REST_MS = 1000;
/** What the first record will announce is not known. */
const FIRST_INTERVAL_MS = 1000;
/** An agent that is asked whether it only cannot write has this long to answer before its silence is called a block. */
const ANSWER_MS = 200;
const SAMPLES_APART_MS = 250;
/** A process that ends well before this deletes its file itself. */
const SHORT_LIVED_SECONDS = 10;

export interface MemberParts {
  readonly ring: RingFile;
  readonly follower: RingFollower;
  readonly line: Line;
  readonly clock: Clock;
  pid(): PidState;
  /** Whether to look for its pid although nothing else speaks of a death. */
  doubts(): boolean;
  /** The slot that it has in the fleet, and whether it tells of its container. */
  slot(): string;
  tellsSurroundings(): boolean;
  /** It writes, or has just begun: told at each look. */
  onFresh(): void;
  onSample(): void;
  onEvent(event: NotedEvent): void;
  /** The state is another one. */
  onState(state: MemberState): void;
}

export interface WatchedMember extends Member {
  /** Looks at the file and judges. */
  poll(): void;
  /** When to look again, monotonic ms. */
  dueMs(): number;
  /** What is known of it when its file is gone. */
  lastWords(): RingReading;
  /** Its agent was stopped, and the process goes on. */
  isSwitchedOff(): boolean;
  /** Its file was deleted, and not by itself as it ended. */
  isOrphan(): boolean;
  keepHistory(keeps: boolean): void;
  /** Lets go of file and connection. */
  close(): void;
}

export function createMember(parts: MemberParts): WatchedMember {
  const { ring, line, clock } = parts;
  const { header } = parts.follower;
  const history = createHistory();
  const fresh = createFreshEvents();
  const startedMs = clock.monotonicMs();
  let follower = parts.follower;
  let latest: RingRecord | undefined;
  let note: RingNote | undefined;
  let end: RingEnd | undefined;
  let isGone = false;
  /** Somebody else deleted its file: it goes on writing, or answers. */
  let isOrphan = false;
  let state: MemberState = 'live';
  let blockedSinceMs: number | undefined;
  let keepsHistory = true;
  /** Of the poll before the one that found the newest record: it was written after that. */
  let unseenSinceMs = -Infinity;
  let polledMs = startedMs;
  let sampleToldMs = -Infinity;
  /** The agent's own word while its file is not written. */
  let answer: { readonly row: Row; readonly atMs: number } | undefined;
  let asking = false;
  let due = startedMs;

  function row(): Row | undefined {
    return answer?.row ?? latest?.row;
  }

  function intervalMs(): number {
    const seconds = latest?.row[COL.agentIntervalSeconds] ?? Number.NaN;
    return seconds > 0 ? seconds * 1000 : FIRST_INTERVAL_MS;
  }

  function uptimeSeconds(): number {
    return row()?.[COL.processUptimeSeconds] ?? 0;
  }

  /** By both clocks: the wall clock may be set, and a record may have been there for long when it is first read. */
  function silentMs(nowMs: number): number {
    const writtenMs = latest?.row[COL.wallMs] ?? ring.startWallMs;
    return Math.max(0, Math.min(clock.wallMs() - writtenMs, nowMs - unseenSinceMs));
  }

  function poll(): void {
    if (state === 'ended') return;
    const nowMs = clock.monotonicMs();
    read(nowMs);
    polledMs = nowMs;
    judge(nowMs);
  }

  function read(nowMs: number): void {
    const found = follower.poll();
    const { rows, note: newNote, end: newEnd } = found;
    end = newEnd ?? end;
    isOrphan = isGone && found.isGone && (isOrphan || rows.length > 0);
    isGone = found.isGone;
    if (isGone) findAgain();
    for (const each of rows) if (keepsHistory) history.push(each.row);
    const newest = rows.at(-1);
    if (newest !== undefined) {
      unseenSinceMs = latest === undefined ? -Infinity : polledMs;
      latest = newest;
      answer = undefined;
    }
    if (end === undefined && silentMs(nowMs) < silenceLimitMs(intervalMs())) parts.onFresh();
    if (newest !== undefined) tellSample(nowMs);
    if (newNote === undefined) return;
    note = newNote;
    for (const event of fresh(newNote.events)) parts.onEvent(event);
  }

  /** Somebody deleted the folder: the agent makes another file of its name there. */
  function findAgain(): void {
    const again = followRing(ring.path);
    if (!again.ok) return;
    follower.close();
    follower = again.reading;
    isGone = false;
  }

  function tellSample(nowMs: number): void {
    if (nowMs - sampleToldMs < SAMPLES_APART_MS) return;
    sampleToldMs = nowMs;
    parts.onSample();
  }

  function judge(nowMs: number): void {
    if (end !== undefined) return become('ended');
    const silent = silentMs(nowMs);
    const limitMs = silenceLimitMs(intervalMs());
    if (silent >= limitMs - ANSWER_MS && line.state() === 'open') void ask();
    const isDoubtful = silent >= limitMs || line.state() === 'lost' || parts.doubts();
    const life = lifeOf({
      silentMs: silent,
      intervalMs: intervalMs(),
      connection: line.state(),
      hasAnswered: answer !== undefined && nowMs - answer.atMs < limitMs,
      pid: isDoubtful ? parts.pid() : 'unknown',
    });
    if (life === 'dead') return become('ended');
    blockedSinceMs = life === 'blocked' ? (blockedSinceMs ?? clock.wallMs() - silent) : undefined;
    become(life);
    due = nextMs(nowMs, nowMs - silent + limitMs);
  }

  /** At its own pace; and the moment at which silence becomes a block, as nobody should wait for the next look to hear of it. */
  function nextMs(nowMs: number, limitAtMs: number): number {
    const isNear = state === 'blocked' || (row()?.[COL.level] ?? 0) >= 1;
    const paceMs = isNear ? NEAR_MS : Math.min(REST_MS, Math.max(NEAR_MS, intervalMs()));
    const moments = [limitAtMs - ANSWER_MS, limitAtMs].filter((ms) => ms > nowMs);
    return Math.min(nowMs + paceMs, ...moments);
  }

  /** A full disk silences the file of a process that is well: its socket tells. */
  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      const told = await line.snapshot();
      answer = { row: told, atMs: clock.monotonicMs() };
      isOrphan ||= isGone;
      if (keepsHistory) history.push(told);
      tellSample(answer.atMs);
    } catch {
      // it does not answer: that is the block
    }
    asking = false;
  }

  function become(next: MemberState): void {
    if (next === state) return;
    state = next;
    if (next === 'ended') close();
    parts.onState(next);
  }

  function close(): void {
    line.close();
    follower.close();
  }

  function snapshot(): Snapshot | undefined {
    const newest = row();
    if (newest === undefined) return undefined;
    const degraded = blockedSinceMs === undefined ? [] : [blockedFor(clock.wallMs() - blockedSinceMs)];
    const { slot, tellsSurroundings } = parts;
    return snapshotOf({ row: newest, header, note, slot: slot(), tellsSurroundings: tellsSurroundings(), degraded });
  }

  function lastWords(): RingReading {
    const sequence = latest?.sequence ?? 0;
    const told = answer === undefined ? [] : [{ sequence: sequence + 1, row: answer.row }];
    const records = [...(latest === undefined ? [] : [latest]), ...told];
    return { header, records, note, end, missing: 0, rejected: 0 };
  }

  return {
    instanceId: ring.instanceId,
    path: ring.path,
    header,
    startWallMs: ring.startWallMs,
    state: () => state,
    blockedSinceMs: () => blockedSinceMs,
    snapshot,
    note: () => note,
    records(sinceWallMs) {
      const found = recentRows(ring.path, sinceWallMs);
      return found.ok ? found.reading : [];
    },
    history: history.rows,
    control: (): ControlClient | undefined => line.client(),
    poll,
    dueMs: () => due,
    lastWords,
    isSwitchedOff: () => end !== undefined && Number.isNaN(end.exitCode),
    isOrphan: () => isOrphan || (isGone && uptimeSeconds() >= SHORT_LIVED_SECONDS),
    keepHistory(keeps) {
      keepsHistory = keeps;
      if (!keeps) history.clear();
    },
    close,
  };
}
