/** The one process whose end is told to us, since we are its parent: what that says of the processes that the fleet watches. */
import type { Ending } from '../postmortem/index.ts';
import type { RingHeader } from '../record/header.ts';
import type { Clock } from '../sample/clock.ts';
import type { Member } from './fleet.ts';

export interface Child {
  ended(ending: Ending): void;
  /** undefined: it is not known, or of another process. */
  endingOf(header: RingHeader, members: readonly Member[]): Promise<Ending | undefined>;
}

/** A connection may end before Node.js tells of the child. */
const WAIT_MS = 500;
/** The child is started first. */
const SLACK_MS = 2000;

export function createChild(pid: number | undefined, clock: Clock): Child {
  const startedMs = clock.wallMs();
  let end: (ending: Ending) => void = () => {};
  const told = new Promise<Ending>((resolve) => {
    end = resolve;
  });

  /** A shell or npm between has no ring file of its own, and hands on what it is told: 128 + n. */
  function isAbout({ identity }: RingHeader, members: readonly Member[]): boolean {
    if (identity.startWallMs < startedMs - SLACK_MS) return false;
    return identity.pid === pid || members.every((member) => member.header.identity.pid !== pid);
  }

  return {
    ended: (ending) => end(ending),
    async endingOf(header, members) {
      if (pid === undefined || !isAbout(header, members)) return undefined;
      const tooLate = new Promise<undefined>((give) => void clock.setTimer(() => give(undefined), WAIT_MS));
      return await Promise.race([told, tooLate]);
    },
  };
}
