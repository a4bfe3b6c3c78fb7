/** The one process whose end is told to us, since we are its parent: what that says of the processes that the fleet watches. */
import type { Ending } from '../postmortem/index.ts';
import type { RingHeader } from '../record/header.ts';
import type { Clock } from '../sample/clock.ts';
import type { Member } from './fleet.ts';

export interface ChildProcess {
  readonly pid: number;
  /** When it was started. */
  readonly startWallMs: number;
}

export interface ChildEnd {
  readonly ending: Ending;
  /** ms since the epoch. */
  readonly wallMs: number;
}

export interface Child {
  ended(ending: Ending): void;
  /** undefined: it is not known, or of another process. */
  endOf(header: RingHeader, members: readonly Member[]): Promise<ChildEnd | undefined>;
}

/** A connection may end before Node.js tells of the child. */
const WAIT_MS = 500;

export function createChild(process: ChildProcess | undefined, clock: Clock): Child {
  let end: (end: ChildEnd) => void = () => {};
  const told = new Promise<ChildEnd>((resolve) => {
    end = resolve;
  });

  /** A shell or npm between has no ring file of its own, and hands on what it is told: 128 + n. */
  function isAbout({ identity }: RingHeader, { pid, startWallMs }: ChildProcess, members: readonly Member[]): boolean {
    if (identity.startWallMs < startWallMs) return false;
    return identity.pid === pid || members.every((member) => member.header.identity.pid !== pid);
  }

  return {
    ended: (ending) => end({ ending, wallMs: clock.wallMs() }),
    async endOf(header, members) {
      if (process === undefined || !isAbout(header, process, members)) return undefined;
      const tooLate = new Promise<undefined>((give) => void clock.setTimer(() => give(undefined), WAIT_MS));
      return await Promise.race([told, tooLate]);
    },
  };
}
