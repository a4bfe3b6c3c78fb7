/** The sidecar that `plimsoll run` is for its child: what it found out of those that died. */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import type { Options } from '../config/options.ts';
import { sidecarAnnounced } from '../control/presence.ts';
import type { Postmortem } from '../model/postmortem.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import { listPostmortems, type Ending } from '../postmortem/index.ts';
import { systemClock } from '../sample/clock.ts';
import type { ChildProcess } from '../sidecar/child.ts';
import type { Sidecar, SidecarParts } from '../sidecar/index.ts';
import { whenUp } from './listening.ts';
import { loadSidecar } from './load-sidecar.ts';

export interface BesideParts extends Pick<SidecarParts, 'otlp' | 'fallbackExporter' | 'resource' | 'nodeOptions'> {
  readonly options: Options;
  readonly directory: string;
  readonly child: ChildProcess;
  onPostmortem(postmortem: Postmortem): void;
  onProblem(problem: Problem): void;
  /** Its page answers there; once. */
  onPage(url: string): void;
}

export interface Beside {
  /** When the child ended: resolves when all that can be said of deaths was said. */
  finish(ending: Ending): Promise<void>;
}

/** The child has the machine for itself at first. */
const START_DELAY_MS = 50;
/** Another one reports a death within a second. */
const OTHER_MS = 1500;
const OTHER_LOOK_MS = 100;

export function watchBeside(parts: BesideParts): Beside {
  return sidecarAnnounced(parts.directory, systemClock.wallMs()) ? besideAnother(parts) : besideOwn(parts);
}

function besideOwn(parts: BesideParts): Beside {
  const { directory, options, child, onProblem, onPostmortem } = parts;
  let starting: Promise<Sidecar | undefined> | undefined;
  let isOver = false;
  let stopWaiting = (): void => {};
  const cancel = systemClock.setTimer(() => void start(), START_DELAY_MS);

  function start(): Promise<Sidecar | undefined> {
    starting ??= open();
    return starting;
  }

  async function open(): Promise<Sidecar | undefined> {
    try {
      const { startSidecar } = await loadSidecar();
      const sidecar = await startSidecar({
        ...parts,
        dataDirectory: options.dataDirectory ?? directory,
        clock: systemClock,
        child,
        onPostmortem,
        onEventLine() {}, // stdout is the child's
      });
      if (!isOver)
        stopWaiting = whenUp(
          () => sidecar.apiUrl() !== undefined,
          systemClock,
          () => tellPage(sidecar),
        );
      return sidecar;
    } catch (error) {
      onProblem(
        problem('PLM_SIDECAR_FAILED', `no sidecar could be started (${whyOf(error)}). The command runs without it.`),
      );
      return undefined;
    }
  }

  function tellPage(sidecar: Sidecar): void {
    const url = sidecar.apiUrl();
    if (url !== undefined) parts.onPage(url);
  }

  return {
    async finish(ending) {
      isOver = true;
      cancel();
      stopWaiting();
      // a short program that ended well is not worth the loading
      if (starting === undefined && ending.code === 0) return;
      const sidecar = await start();
      try {
        await sidecar?.childEnded(ending);
        await sidecar?.stop();
      } catch (error) {
        onProblem(problem('PLM_SIDECAR_FAILED', `the sidecar failed: ${whyOf(error)}`));
      }
    },
  };
}

/** It exports and reports; what it reports is said here too. */
function besideAnother({ directory, child, onPostmortem }: BesideParts): Beside {
  return {
    async finish({ code }) {
      const untilMs = systemClock.monotonicMs() + (code === 0 || !existsSync(directory) ? 0 : OTHER_MS);
      for (;;) {
        const found = listPostmortems(directory).filter(({ startedMs }) => startedMs >= child.startWallMs);
        if (found.length > 0 || systemClock.monotonicMs() >= untilMs) return found.forEach(onPostmortem);
        await wait(OTHER_LOOK_MS);
      }
    },
  };
}
