/** A program that lives beside the watched one: in its container, or elsewhere on the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { MemoryGroup } from '../../helpers/memory-group.ts';
import type { Neighbour } from './scenarios.ts';

/** Resolves when it is ready; rejects when it ended instead. Without one to start, nothing happens. */
export async function startNeighbour(
  neighbour: Neighbour | undefined,
  group: MemoryGroup,
): Promise<{ readonly end: () => void }> {
  if (neighbour === undefined) return { end() {} };
  const script = fileURLToPath(new URL(`programs/${neighbour.script}`, import.meta.url));
  const enter = neighbour.inGroup ? group.enter : ':';
  const child = spawn('/bin/sh', ['-c', `${enter}; exec "$@"`, 'sh', neighbour.command, script, ...neighbour.args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${neighbour.command} ${neighbour.script} ended with code ${String(code)} before it was ready`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {}); // it is ended by us
  return { end: () => child.kill('SIGKILL') };
}
