/** One program of the claims, run in a container when one can be made. */
import { fileURLToPath } from 'node:url';

import { createMemoryGroup } from '../../helpers/memory-group.ts';
import { runNode, type RunResult } from '../../helpers/run-node.ts';

const TIMEOUT_MS = 300_000;

export interface RunOf {
  readonly program: string;
  readonly given: object;
  readonly isGuarded: boolean;
  /** Undefined: no container. */
  readonly containerMebibytes?: number | undefined;
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran<T> {
  /** What it told, one for each line. */
  readonly told: readonly T[];
  readonly result: RunResult;
}

export async function run<T>(options: RunOf): Promise<Ran<T>> {
  const { program, given, isGuarded, containerMebibytes, nodeArgs = [], env = {} } = options;
  const group = containerMebibytes === undefined ? undefined : createMemoryGroup(containerMebibytes * 2 ** 20);
  try {
    const result = await runNode({
      preload: isGuarded ? 'require' : 'none',
      args: [
        ...nodeArgs,
        fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url)),
        JSON.stringify({ ...given, isGuarded }),
      ],
      env,
      ...(group === undefined ? {} : { shellBefore: `ulimit -c 0; ${group.enter}` }),
      timeoutMs: TIMEOUT_MS,
    });
    const lines = result.stdout.split('\n').filter((line) => line.startsWith('{'));
    return { told: lines.map((line) => JSON.parse(line) as T), result };
  } finally {
    group?.remove();
  }
}

/** What it told last; throws when it did not live to tell. */
export function lastTold<T>({ told, result }: Ran<T>): T {
  const last = told.at(-1);
  if (last === undefined || result.code !== 0) throw new Error(result.report);
  return last;
}

/** For a table. */
export function howEnded({ code, signal }: RunResult): string {
  return code === 0 ? 'finished' : `died (${signal ?? `exit code ${code}`})`;
}
