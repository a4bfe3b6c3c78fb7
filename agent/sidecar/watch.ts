/** Everything that is held open of one process: its file, a connection to its agent, its group's counter of kills, its slot. */
import { socketPathOf } from '../control/path.ts';
import type { NotedEvent } from '../model/note.ts';
import { openKillCounter, type KillCounter } from '../postmortem/index.ts';
import type { RingFile } from '../record/directory.ts';
import type { RingFollower } from '../record/follow.ts';
import type { Clock } from '../sample/clock.ts';
import type { PidState } from './life.ts';
import { createLine } from './line.ts';
import { createMember, type WatchedMember } from './member.ts';
import { pidStateOf } from './pid.ts';

export interface WatchParts {
  readonly directory: string;
  readonly clock: Clock;
  readonly ring: RingFile;
  readonly follower: RingFollower;
  readonly slot: string;
  /** `process.pidNamespace` of ours. */
  readonly ownNamespace: string;
  /** Our child, once it ended. Then what it started, as we do, is ours to see, and gone when it is not seen. */
  reapedPid(): number | undefined;
  tellsSurroundings(watch: Watch): boolean;
  /** It shows itself: by a fresh record, or its agent answers. At most once, and before all that follows. */
  onSeen(watch: Watch): void;
  onSample(watch: Watch): void;
  onEvent(watch: Watch, event: NotedEvent): void;
  onState(watch: Watch): void;
  attempt(path: string, step: () => void): void;
  /** Its agent cannot be asked, nor told that it is watched. */
  onForbidden(ring: RingFile): void;
  /** It is to be looked at sooner, or later. */
  onDue(): void;
}

export interface Watch {
  readonly member: WatchedMember;
  readonly counter: KillCounter | undefined;
  readonly slot: string;
  /** undefined: what is there may be no more than the file of one who died while nobody watched. */
  isSeen(): boolean;
  /** Wall clock, ms; undefined: not known. */
  diedMs(): number | undefined;
}

export function createWatch(parts: WatchParts): Watch {
  const { ring, follower, clock, slot, ownNamespace } = parts;
  const { header } = follower;
  const counter = openKillCounter(header);
  let seen = false;

  const line = createLine({
    path: socketPathOf(parts.directory, ring.instanceId, process.platform),
    clock,
    onChange() {
      parts.attempt(ring.path, () => {
        if (line.state() === 'open' || line.state() === 'unanswered') see();
        member.poll();
      });
      parts.onDue();
    },
    onForbidden: () => parts.onForbidden(ring),
  });
  const member = createMember({
    ring,
    follower,
    line,
    clock,
    slot: () => slot,
    tellsSurroundings: () => parts.tellsSurroundings(watch),
    pid,
    doubts: () => parts.reapedPid() !== undefined,
    onFresh: see,
    onSample: () => parts.onSample(watch),
    onEvent: (event) => parts.onEvent(watch, event),
    onState: () => parts.onState(watch),
  });
  const watch: Watch = {
    member,
    counter,
    slot,
    isSeen: () => seen,
    diedMs: line.endedWallMs,
  };

  function pid(): PidState {
    const state = pidStateOf(header, ownNamespace);
    const reapedPid = parts.reapedPid();
    if (reapedPid === undefined) return state;
    const isChild = header.identity.pid === reapedPid && (header.facts['process.pidNamespace'] ?? '') === ownNamespace;
    return isChild || state === 'gone' ? 'ended' : state;
  }

  function see(): void {
    if (seen) return;
    seen = true;
    parts.onSeen(watch);
  }

  return watch;
}
