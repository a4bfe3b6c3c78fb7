/** A real `plimsoll sidecar` over a folder of its own, and real applications that record to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ApiMemoryStatus, ApiProcess } from '../../agent/sidecar/api/types.ts';
import { ask } from './http-client.ts';
import { freePort } from './prometheus.ts';
import { startPlimsoll } from './run-cli.ts';
import { startNode, type RunningNode, type RunOptions } from './run-node.ts';

/** Does what is written to its stdin; a beat of its own shows that nobody held it up. */
const PROGRAM = `
  const agent = () => process[Symbol.for('plimsoll.agent.v1')];
  let last = performance.now(), worst = 0;
  setInterval(() => { const now = performance.now(); worst = Math.max(worst, now - last); last = now; }, 20);
  const held = [];
  const does = {
    block: (ms) => { const end = Date.now() + Number(ms); console.log('blocking ' + Date.now()); while (Date.now() < end); console.log('free ' + Date.now()); },
    blockUntil: (path) => { while (!require('node:fs').existsSync(path)); },
    exit: (code) => process.exit(Number(code)),
    stop: () => agent().stop(),
    hold: (mib) => held.push(Buffer.alloc(Number(mib) * 2 ** 20, 1)),
    worst: () => { console.log('worst ' + Math.round(worst)); worst = 0; last = performance.now(); },
    recording: () => console.log('recording ' + agent().status().recording),
  };
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [verb, argument] = line.split(' ');
    does[verb](argument);
  });
  console.log('ready');
`;

/** As the sidecar writes it to its stdout. */
export interface EventLine {
  readonly ts: string;
  readonly event: string;
  readonly severity: string;
  readonly body: string;
  readonly service: string;
  readonly instance: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface SceneApp extends RunningNode {
  say(line: string): void;
}

export interface SidecarScene {
  readonly directory: string;
  /** Starts one more, after the one before has ended. */
  startSidecar(options?: Partial<RunOptions>): RunningNode;
  app(service: string, options?: Partial<RunOptions>): SceneApp;
  /** Of all sidecars of the scene. */
  lines(): readonly EventLine[];
  line(service: string, event: string): Promise<EventLine>;
  status(): Promise<ApiMemoryStatus>;
  /** The sidecar sees it so. */
  process(service: string, is?: (process: ApiProcess) => boolean): Promise<ApiProcess>;
  stop(): Promise<void>;
}

export async function createSidecarScene(given?: string): Promise<SidecarScene> {
  const directory = given ?? mkdtempSync(join(tmpdir(), 'plimsoll-sidecar-'));
  const port = await freePort();
  const running: RunningNode[] = [];
  const sidecars: RunningNode[] = [];

  async function status(): Promise<ApiMemoryStatus> {
    const { body } = await ask({ port, path: '/api/v1/memory/status' });
    return JSON.parse(body.toString()) as ApiMemoryStatus;
  }

  const lines = (): readonly EventLine[] =>
    sidecars.flatMap((sidecar) =>
      sidecar
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as EventLine),
    );

  async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
    const endMs = performance.now() + 15_000;
    for (;;) {
      const found = await find().catch(() => undefined);
      if (found !== undefined) return found;
      if (performance.now() > endMs) {
        const told = sidecars.map((each) => `${each.stdout()}\n${each.stderr()}`).join('\n---\n');
        throw new Error(`${what} never came; the sidecars said:\n${told}`);
      }
      await delay(20);
    }
  }

  return {
    directory,
    startSidecar(options = {}) {
      const env = {
        PLIMSOLL_DIR: directory,
        PLIMSOLL_DATA_DIR: directory,
        PLIMSOLL_API_LISTEN: `127.0.0.1:${port}`,
        ...options.env,
      };
      const sidecar = startPlimsoll(['sidecar'], { timeoutMs: 60_000, ...options, env });
      running.push(sidecar);
      sidecars.push(sidecar);
      return sidecar;
    },
    app(service, options = {}) {
      const { env, ...others } = options;
      const app = startNode({
        args: ['-e', PROGRAM],
        env: {
          PLIMSOLL_DIR: directory,
          PLIMSOLL_DATA_DIR: directory,
          PLIMSOLL_SAMPLE_INTERVAL: '400ms', // so that a block need not last long to be one
          OTEL_SERVICE_NAME: service,
          ...env,
        },
        timeoutMs: 60_000,
        ...others,
      });
      running.push(app);
      return { ...app, say: (line) => void app.child.stdin.write(`${line}\n`) };
    },
    lines,
    line: async (service, event) =>
      await until(`${event} of ${service}`, async () =>
        lines().find((each) => each.service === service && each.event === event),
      ),
    status,
    process: async (service, is = () => true) =>
      await until(`the process of ${service}`, async () =>
        (await status()).processes.find((each) => each.service === service && is(each)),
      ),
    async stop() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(async ({ ended }) => await ended));
      if (given === undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
