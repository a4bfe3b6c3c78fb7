/**
 * B15: what a real `plimsoll sidecar` costs that watches 20 real processes, is scraped and has its API open; and then with its page open.
 * `node test/bench/overhead/sidecar.ts [--short] [--json]`, and as a part of `npm run bench:overhead`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { cpuNanoseconds } from './measure.ts';
import { printVerdicts, rounded, type Verdict } from './report.ts';
import { AGENT, freePort } from './variants.ts';

const APP = fileURLToPath(new URL('apps/http.cjs', import.meta.url));
const CLI = fileURLToPath(new URL('../../../dist/cli.mjs', import.meta.url));
const PROCESSES = 20;
const SERVICES = 5;
/** A usual scrape interval. */
const SCRAPE_EACH_MS = 15_000;
const READY_WITHIN_MS = 90_000;

export interface SidecarFigures {
  readonly anonymousMegabytes: number;
  readonly rssMegabytes: number;
  readonly peakMegabytes: number;
  /** CPU time ÷ wall time: 1 is one whole core. */
  readonly cpuRatio: number;
}

export interface SidecarCost {
  readonly watching: SidecarFigures;
  readonly withPage: SidecarFigures;
  readonly verdicts: readonly Verdict[];
}

export async function measureSidecar(isShort: boolean): Promise<SidecarCost> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-sidecar-'));
  const [metricsPort, apiPort] = [await freePort(), await freePort()];
  const { PATH, HOME } = process.env;
  const start = (args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess =>
    spawn(process.execPath, args, { stdio: 'ignore', env: { PATH, HOME, PLIMSOLL_DIR: folder, ...env } });
  const sidecar = start([CLI, 'sidecar'], {
    PLIMSOLL_LISTEN: `127.0.0.1:${metricsPort}`,
    PLIMSOLL_API_LISTEN: `127.0.0.1:${apiPort}`,
  });
  const apps: ChildProcess[] = [];
  try {
    for (let number = 0; number < PROCESSES; number++) {
      apps.push(start(['-r', AGENT, APP], appEnvironment(number)));
      await sleep(200); // start-ups must not slow each other down
    }
    await untilWatched(metricsPort);
    const windowMs = isShort ? 30_000 : 120_000;
    const watching = await figuresOver(sidecar, windowMs, metricsPort);
    const page = await openPage(apiPort);
    const withPage = await figuresOver(sidecar, windowMs / 2, metricsPort);
    page.destroy();
    return { watching, withPage, verdicts: verdictsOf(watching) };
  } finally {
    for (const child of [sidecar, ...apps]) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function appEnvironment(number: number): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: `service-${number % SERVICES}`,
    OTEL_RESOURCE_ATTRIBUTES: `k8s.container.name=web,container.id=${number}`,
    PLIMSOLL_LISTEN: '127.0.0.1:0',
  };
}

/** Processes are told of from their tenth second on. */
async function untilWatched(port: number): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const text = await read(port, '/metrics').catch(() => '');
    const processes = text.split('\n').filter((line) => line.startsWith('plimsoll_pressure_level{')).length;
    if (processes === PROCESSES) return;
    if (performance.now() > endMs) throw new Error(`the sidecar tells of ${processes} processes, not of ${PROCESSES}`);
    await sleep(500);
  }
}

async function figuresOver({ pid }: ChildProcess, windowMs: number, port: number): Promise<SidecarFigures> {
  if (pid === undefined) throw new Error('the sidecar was started');
  const beforeNs = cpuNanoseconds(pid);
  const beforeMs = performance.now();
  while (performance.now() - beforeMs < windowMs) {
    await sleep(Math.min(SCRAPE_EACH_MS, windowMs));
    await read(port, '/metrics');
  }
  const cpuRatio = (cpuNanoseconds(pid) - beforeNs) / 1e6 / (performance.now() - beforeMs);
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    anonymousMegabytes: megabytes(memory, 'Anonymous'),
    rssMegabytes: megabytes(memory, 'Rss'),
    peakMegabytes: megabytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM'),
    cpuRatio,
  };
}

function megabytes(text: string, field: string): number {
  return (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024) / 1e6;
}

/** What a browser asks for, and the stream that it holds open. */
async function openPage(port: number): Promise<IncomingMessage> {
  for (const path of ['/', '/api/v1/memory/status', '/api/v1/memory/history?since=10m', '/api/v1/postmortems']) {
    await read(port, path);
  }
  const stream = await answerOf(port, '/api/v1/events');
  return stream.resume();
}

async function read(port: number, path: string): Promise<string> {
  const answer = await answerOf(port, path);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
  if (answer.statusCode !== 200) throw new Error(`GET ${path}: ${answer.statusCode} ${text}`);
  return text;
}

function answerOf(port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject);
  });
}

function verdictsOf({ anonymousMegabytes, rssMegabytes, cpuRatio }: SidecarFigures): readonly Verdict[] {
  const line = (what: string, unit: string, allowed: number, measured: number): Verdict => ({
    budget: 'B15',
    what: `sidecar of ${PROCESSES} processes, ${what}`,
    unit,
    allowed,
    measured,
  });
  return [
    line('anonymous', 'MB', 32, anonymousMegabytes),
    line('RSS', 'MB', 72, rssMegabytes),
    line('CPU', '%', 1, cpuRatio * 100),
  ];
}

export function printSidecar({ watching, withPage }: SidecarCost): void {
  const row = (name: string, { anonymousMegabytes, rssMegabytes, peakMegabytes, cpuRatio }: SidecarFigures): string =>
    `${name}: anonymous ${rounded(anonymousMegabytes)} MB, RSS ${rounded(rssMegabytes)} MB, peak ${rounded(peakMegabytes)} MB, CPU ${rounded(cpuRatio * 100)} %`;
  console.log(`\nA sidecar of ${PROCESSES} processes. Again with: node test/bench/overhead/sidecar.ts`);
  console.log(row('watching, scraped each 15 s', watching));
  console.log(row('and its page open', withPage));
  console.log(
    `recommended container limit, twice the peak: ${Math.ceil((2 * withPage.peakMegabytes * 1e6) / 2 ** 20)} MiB`,
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, short: { type: 'boolean', default: false } },
  });
  const cost = await measureSidecar(values.short);
  if (values.json) console.log(JSON.stringify(cost, undefined, 2));
  else {
    printSidecar(cost);
    console.log();
    printVerdicts(cost.verdicts);
  }
}
