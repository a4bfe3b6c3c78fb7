/** The sidecar beside the services of the demo: exports their metrics, shows them on a page, and explains how they died. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { ApiPostmortems } from '../../agent/sidecar/api/types.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.mjs');
const PAGE_PORT = 19_465;
const PATIENCE_MS = 20_000;

export interface Watch {
  /** PLIMSOLL_DIR of whoever is to be watched. */
  readonly directory: string;
  /** For a browser. */
  readonly page: string;
  /** What became of the process, in full. */
  postmortem(pid: number): Promise<string>;
  stop(): void;
}

/** `listen` is where its metrics are asked for. */
export async function startWatch(listen: string): Promise<Watch> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-demo-'));
  const port = (await listenOnce(PAGE_PORT)) ?? (await listenOnce(0)) ?? 0;
  const env = {
    ...process.env,
    PLIMSOLL_DIR: directory,
    PLIMSOLL_LISTEN: listen,
    PLIMSOLL_API_LISTEN: `127.0.0.1:${port}`,
    OTEL_LOG_LEVEL: 'none',
  };
  const sidecar = spawn(process.execPath, [CLI, 'sidecar'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const page = `http://127.0.0.1:${port}/`;
  await until(async () => (await fetch(page)).ok);
  return {
    directory,
    page,
    async postmortem(pid) {
      await until(async () => (await reported(page)).includes(pid));
      const words = [CLI, 'postmortem', '--pid', String(pid)];
      return (await promisify(execFile)(process.execPath, words, { env })).stdout;
    },
    stop() {
      sidecar.once('exit', () => rmSync(directory, { recursive: true, force: true }));
      sidecar.kill();
    },
  };
}

/** The port that was free; undefined: it is taken. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

async function reported(page: string): Promise<readonly number[]> {
  const answer = (await (await fetch(`${page}api/v1/postmortems`)).json()) as Pick<ApiPostmortems, 'postmortems'>;
  return answer.postmortems.flatMap(({ pid }) => pid ?? []);
}

async function until(isThere: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs) {
    if (await isThere().catch(() => false)) return;
    await delay(100);
  }
}
