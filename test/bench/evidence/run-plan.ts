/** Dies every planned death, some at a time, beside one sidecar. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startPlimsoll } from '../../helpers/run-cli.ts';
import { type Container, createContainer } from './container.ts';
import type { Planned } from './plan.ts';
import { type Case, die, environment } from './scene.ts';
import { wayOf } from './ways.ts';

const SIDECAR_MEBIBYTES = 256;
const LOOK_MS = 20;

export interface PlanOptions {
  readonly planned: readonly Planned[];
  /** Most of their lives they wait. */
  readonly atATime: number;
  /** Recordings are copied here. */
  readonly keep?: string | undefined;
  onCase(one: Case): void;
  /** A death that could not even be arranged. */
  onFault(planned: Planned, error: unknown): void;
}

export async function runPlan({ planned, atATime, keep, onCase, onFault }: PlanOptions): Promise<void> {
  const sidecar = planned.some(({ finder }) => finder === 'sidecar') ? await startSidecar() : undefined;
  const left = [...planned];
  async function work(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        const watched = next.finder === 'sidecar' ? sidecar?.directory : undefined;
        onCase(await die(wayOf(next.way), next.finder, { watched, keep }));
      } catch (error) {
        onFault(next, error);
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: atATime }, work));
  } finally {
    await sidecar?.stop();
  }
}

export interface WatchingSidecar {
  readonly directory: string;
  stop(): Promise<void>;
}

/** In a container of its own: of the application it has the folder, and nothing else. */
export async function startSidecar(): Promise<WatchingSidecar> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'));
  const container: Container = createContainer(SIDECAR_MEBIBYTES);
  const sidecar = startPlimsoll(['sidecar'], {
    env: environment(directory),
    shellBefore: container.enter(),
    timeoutMs: 30 * 60_000,
  });
  while (!existsSync(join(directory, 'sidecar.json'))) await delay(LOOK_MS);
  return {
    directory,
    async stop() {
      container.stop();
      await sidecar.ended;
      container.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
