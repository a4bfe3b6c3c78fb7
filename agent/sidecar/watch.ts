/** Everything that is held open of one process: its file, a connection to its agent, its group's counter of kills, its slot. */
import { socketPathOf } from '../control/path.ts';
import type { NotedEvent } from '../model/note.ts';
import { openKillCounter, type KillCounter } from '../postmortem/index.ts';
import type { RingFile } from '../record/directory.ts';
import type { RingFollower } from '../record/follow.ts';
import type { Clock } from '../sample/clock.ts';
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
  /** Of children that ended, by our own namespace. */
  readonly reapedPids: ReadonlySet<number>;
  tellsSurroundings(watch: Watch): boolean;
  /** It shows itself: by a fresh record, or its agent answers. At most once, and before all that follows. */
  onSeen(watch: Watch): void;
  onSample(watch: Watch): void;
  onEvent(watch: Watch, event: NotedEvent): void;
  onState(watch: Watch): void;
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
  const { ring, follower, clock, slot, ownNamespace, reapedPids } = parts;
  const { header } = follower;
  const isReaped = (): boolean =>
    reapedPids.has(header.identity.pid) && header.facts['process.pidNamespace'] === ownNamespace;
  let seen = false;

  const line = createLine(socketPathOf(parts.directory, ring.instanceId, process.platform), clock, () => {
    if (line.state() === 'open' || line.state() === 'unanswered') see();
    member.poll();
    parts.onDue();
  });
  const member = createMember({
    ring,
    follower,
    line,
    clock,
    slot: () => slot,
    tellsSurroundings: () => parts.tellsSurroundings(watch),
    pid: () => (isReaped() ? 'ended' : pidStateOf(header, ownNamespace)),
    isReaped,
    onFresh: see,
    onSample: () => parts.onSample(watch),
    onEvent: (event) => parts.onEvent(watch, event),
    onState: () => parts.onState(watch),
  });
  const watch: Watch = {
    member,
    counter: openKillCounter(header),
    slot,
    isSeen: () => seen,
    diedMs: line.endedWallMs,
  };

  function see(): void {
    if (seen) return;
    seen = true;
    parts.onSeen(watch);
  }

  return watch;
}
