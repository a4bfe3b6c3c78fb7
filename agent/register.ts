/**
 * The preload: `node -r plimsoll/register`, `node --import plimsoll/register`, NODE_OPTIONS.
 * Decides whether an agent belongs into this process, and puts its start behind the application's first turn.
 */
import { isMainThread } from 'node:worker_threads';

import { launch } from './launch.ts';
import { findAgent, MANUAL_START } from './model/handle.ts';
import { problem, problemLine } from './model/problem.ts';

/** Programs that are tools around an application and never the application. */
const PACKAGE_MANAGERS = /[\\/](npm|npx|yarn|pnpm|pnpx|corepack)(-cli)?(\.[cm]?js)?$/;

function belongsHere(): boolean {
  if (!isMainThread || findAgent() !== undefined) return false;
  if (process.versions['electron'] !== undefined || process.versions['bun'] !== undefined || 'Deno' in globalThis)
    return false;
  if (PACKAGE_MANAGERS.test(process.argv[1] ?? '')) return false;
  return !(MANUAL_START in process);
}

try {
  if (belongsHere()) launch({});
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${problemLine(problem('PLM_AGENT_FAILED', `the agent could not start (${why}). The application goes on without it.`))}\n`,
  );
}

export { launch };
