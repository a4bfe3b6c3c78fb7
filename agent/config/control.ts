import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { problem, type Problem } from '../model/problem.ts';
import type { Mode } from '../model/snapshot.ts';
import { MODES } from './options.ts';

/** The live switch: `{"mode": "observe"}` in `control.json` of PLIMSOLL_DIR, followed within five seconds. */
const CONTROL_FILE = 'control.json';
/** Two looks fit into the promised five seconds. */
export const CONTROL_INTERVAL_MS = 2_000;

export interface ControlFile {
  /** The mode the file asks for; `undefined`: unchanged since the last look, absent, or unusable (then a problem was reported). */
  look(): Mode | undefined;
}

export function createControlFile(directory: string, onProblem: (problem: Problem) => void): ControlFile {
  const path = join(directory, CONTROL_FILE);
  let seen = '';

  return {
    look() {
      try {
        const stat = statSync(path, { throwIfNoEntry: false });
        if (stat === undefined) return undefined;
        const stamp = `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
        if (stamp === seen) return undefined;
        seen = stamp;
        const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
        const asked = typeof parsed === 'object' && parsed !== null && 'mode' in parsed ? parsed.mode : undefined;
        const mode = MODES.find((known) => known === asked);
        if (mode === undefined) {
          onProblem(
            problem(
              'PLM_CONTROL_FILE',
              `${path} asks for mode ${JSON.stringify(asked)}, must be one of ${MODES.join(', ')}. The current mode stays.`,
            ),
          );
        }
        return mode;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        onProblem(
          problem(
            'PLM_CONTROL_FILE',
            `${path} cannot be used (${why}), must be {"mode": "off" | "observe" | "protect"}. The current mode stays.`,
          ),
        );
        return undefined;
      }
    },
  };
}
