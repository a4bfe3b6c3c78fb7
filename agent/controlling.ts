/** The agent's control socket in PLIMSOLL_DIR, joined: what the run can be asked from outside, and whether a sidecar watches it. */
import { createAnswers } from './answering.ts';
import type { Options } from './config/options.ts';
import { createDrill } from './control/drill.ts';
import { permissionsIn } from './control/permissions.ts';
import type { ControlServer } from './control/server.ts';
import { createWatched } from './control/watched.ts';
import { CONTROL_PROTOCOL } from './model/control.ts';
import { levelName, type Level } from './model/level.ts';
import type { RingNote } from './model/note.ts';
import { problem, whyOf, type Problem } from './model/problem.ts';
import type { Degradation, Snapshot } from './model/snapshot.ts';
import { VERSION } from './model/version.ts';
import type { ActiveProtection, Protection } from './protection.ts';
import { pause, type Clock } from './sample/clock.ts';

export interface ControllingParts {
  readonly options: Options;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly active: ActiveProtection;
  readonly protection: Protection;
  /** Path of the ring file; undefined: there is none. */
  recording(): string | undefined;
  snapshot(): Snapshot;
  /** What a snapshot has beside its row. */
  note(): RingNote;
  /** Mode is `protect`. */
  acts(): boolean;
  requestSample(): void;
  onTrouble(degradation: Degradation, found: Problem): void;
  /** Whether it is new. */
  degraded(degradation: Degradation): boolean;
  recovered(reason: string): void;
}

export interface Controlling {
  /** Some time after the start: `node:net` is loaded here. */
  start(): void;
  /** A sidecar reads this process, or is about to: nothing else exports. */
  isWatched(): boolean;
  /** A sidecar reads this process now. */
  hasWatcher(): boolean;
  /** What a drill asks for; 0: there is none. */
  drillLevel(): Level;
  /** Sync, also in a process that is about to end: nothing is left in the folder. */
  stop(): void;
}

const DRILL = 'drill';
const FAILED = 'control_failed';
/** Between compiling the socket's part and opening it. */
const STEP_PAUSE_MS = 5;
/** Between two looks at whether the socket is still there, or can be opened now. */
const LOOK_INTERVAL_MS = 5000;

export function createControlling(parts: ControllingParts): Controlling {
  const { options, clock } = parts;
  const { directory } = options;
  const watched = createWatched(directory, clock);
  const drill = createDrill(clock, () => {
    parts.recovered(DRILL);
    parts.requestSample();
  });
  let server: ControlServer | undefined;
  let isStopped = false;
  let cancelLook = (): void => undefined;

  function onDrill(): void {
    const level = drill.level();
    if (level > 0) {
      // a second one is told again
      parts.recovered(DRILL);
      parts.degraded({
        reason: DRILL,
        detail: `a drill holds the level at ${levelName(level)} or above, which memory does not ask for`,
        repair: 'it ends by itself; plimsoll drill --level normal ends it now',
      });
    }
    parts.requestSample();
  }

  /** A folder that was deleted may be there again, a full disk have room. */
  function look(where: string): void {
    cancelLook = clock.setTimer(() => look(where), LOOK_INTERVAL_MS);
    // who is connected stays so, whatever becomes of the folder
    if (watched.hasWatcher() || server?.isThere() === true) return;
    server?.close();
    server = undefined;
    open(where).catch(failed);
  }

  async function open(where: string): Promise<void> {
    const { openControlServer } = await import('./control/server.ts');
    await pause(clock, STEP_PAUSE_MS);
    if (isStopped) return;
    const opened = await openControlServer({
      directory: where,
      platform: process.platform,
      hello: { protocol: CONTROL_PROTOCOL, instance: parts.instanceId, agentVersion: VERSION, pid: process.pid },
      ...permissionsIn(where, parts.recording()),
      operations: createAnswers({ ...parts, drill, onDrill }),
      setTimer: clock.setTimer,
      onWatchers: watched.count,
    });
    if (isStopped) opened.close();
    else server = opened;
    parts.recovered(FAILED);
  }

  function failed(error: unknown): void {
    if (parts.recording() === undefined) return; // the folder cannot be used, which the recording has said
    const detail = `${directory}: no control socket can be opened (${whyOf(error)})`;
    const repair = 'make PLIMSOLL_DIR a folder that this process may write to, on a file system that has sockets';
    const found = problem(
      'PLM_CONTROL_SOCKET',
      `${detail}; ${repair}. Nobody can ask this process; it exports by itself.`,
    );
    parts.onTrouble({ reason: FAILED, detail, repair }, found);
  }

  return {
    start() {
      if (directory === undefined) return;
      watched.start();
      look(directory);
    },
    isWatched: watched.isWatched,
    hasWatcher: watched.hasWatcher,
    drillLevel: drill.level,
    stop() {
      isStopped = true;
      cancelLook();
      drill.end();
      server?.close();
      server = undefined;
    },
  };
}
