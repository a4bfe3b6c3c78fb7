/** Starts one measured program and lets the measurements wait for what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort, type Variant } from './variants.ts';

export interface Program {
  readonly child: ChildProcess;
  /** Resolves with the time since the spawn, ms, when a line starting with `word` is out, and the rest of that line. */
  line(word: string): Promise<{ afterMs: number; rest: string }>;
  /** One GET /metrics where the variant has an endpoint; the answer's size in bytes. */
  scrape(): Promise<number>;
  end(): Promise<void>;
}

const LINE_TIMEOUT_MS = 60_000;
const SIDECAR_SETTLES_MS = 500;
const CLI = fileURLToPath(new URL('../../../dist/cli.mjs', import.meta.url));

export async function startProgram(
  variant: Variant,
  app: string,
  extraEnv: Record<string, string> = {},
): Promise<Program> {
  const metricsPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const file = fileURLToPath(new URL(`apps/${app}.cjs`, import.meta.url));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...variant.env({ metricsPort, folder }), ...extraEnv };
  const sidecar = variant.isWatched === true ? await startSidecar(folder) : undefined;
  const spawnedMs = performance.now();
  const child = spawn(process.execPath, [...variant.preload, file], {
    cwd: variant.cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = gather(child, spawnedMs);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  return {
    child,
    line: (word) => lineOf(variant, word, output, exited),
    scrape: () => (variant.scraped ? fetchMetrics(metricsPort) : Promise.resolve(0)),
    end: async () => {
      child.kill('SIGKILL');
      sidecar?.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** What it exports and answers is measured elsewhere. */
async function startSidecar(folder: string): Promise<ChildProcess> {
  const { PATH, HOME } = process.env;
  const ports = { PLIMSOLL_LISTEN: '127.0.0.1:0', PLIMSOLL_API_LISTEN: '127.0.0.1:0' };
  const sidecar = spawn(process.execPath, [CLI, 'sidecar'], {
    env: { PATH, HOME, PLIMSOLL_DIR: folder, ...ports },
    stdio: 'ignore',
  });
  const endMs = performance.now() + LINE_TIMEOUT_MS;
  while (!existsSync(join(folder, 'sidecar.json'))) {
    if (performance.now() > endMs) throw new Error('the sidecar did not announce itself');
    await sleep(50);
  }
  await sleep(SIDECAR_SETTLES_MS);
  return sidecar;
}

interface Output {
  readonly lines: { afterMs: number; text: string }[];
  stderr: string;
  readonly changed: EventTarget;
}

function gather(child: ChildProcess, spawnedMs: number): Output {
  const output: Output = { lines: [], stderr: '', changed: new EventTarget() };
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const afterMs = performance.now() - spawnedMs;
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    output.lines.push(...parts.map((text) => ({ afterMs, text })));
    output.changed.dispatchEvent(new Event('line'));
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output.stderr = (output.stderr + chunk).slice(-4_000);
  });
  return output;
}

function lineOf(
  variant: Variant,
  word: string,
  output: Output,
  exited: Promise<void>,
): Promise<{ afterMs: number; rest: string }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${variant.name}: ${why} before it said "${word}"\n${output.stderr}`));
    };
    const timer = setTimeout(fail, LINE_TIMEOUT_MS, `nothing for ${LINE_TIMEOUT_MS} ms`);
    const look = (): void => {
      const found = output.lines.find(({ text }) => text.startsWith(word));
      if (found === undefined) return;
      clearTimeout(timer);
      output.changed.removeEventListener('line', look);
      resolve({ afterMs: found.afterMs, rest: found.text.slice(word.length).trim() });
    };
    output.changed.addEventListener('line', look);
    exited.then(() => fail('it ended'), reject);
    look();
  });
}

function fetchMetrics(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`GET /metrics: ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}
