/**
 * Budget B3, per application: how much later its first line comes. Runs with and without Plimsoll take turns, and the median of the
 * differences within a pair counts, so that a machine that becomes slower meanwhile slows both.
 */
import { freePort } from '../helpers/prometheus.ts';
import { startNode, type Preload } from '../helpers/run-node.ts';
import type { Service, Tool } from './applications-compare.ts';

export const BUDGET_MS = 10;

export interface Start {
  readonly name: string;
  readonly withoutMs: number;
  readonly withMs: number;
  /** Median of the paired differences. */
  readonly laterMs: number;
}

export async function measureStart(program: Service | Tool, folder: string, runs: number): Promise<Start> {
  const isService = 'ready' in program;
  const without: number[] = [];
  const loaded: number[] = [];
  for (let run = -1; run < runs; run++) {
    const order: readonly Preload[] = run % 2 === 0 ? ['none', 'require'] : ['require', 'none'];
    for (const preload of order) {
      const ms = await untilFirstLineMs(program, folder, preload, isService);
      // the first pair finds files that nobody has read for a while
      if (run >= 0) (preload === 'none' ? without : loaded).push(ms);
    }
  }
  const differences = loaded.map((ms, run) => ms - (without[run] ?? Number.NaN));
  return { name: program.name, withoutMs: median(without), withMs: median(loaded), laterMs: median(differences) };
}

async function untilFirstLineMs(
  program: Service | Tool,
  cwd: string,
  preload: Preload,
  isService: boolean,
): Promise<number> {
  const port = String(isService ? await freePort() : 0);
  const args = program.args.map((arg) => arg.replaceAll('$PORT', port));
  const env = { NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...program.env, PORT: port };
  const startedMs = performance.now();
  const running = startNode({ args, preload, cwd, env });
  await running.until(/\n/);
  const firstLineMs = performance.now() - startedMs;
  if (isService) running.child.kill('SIGKILL');
  await running.ended;
  return firstLineMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
