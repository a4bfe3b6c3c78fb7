/** A real sidecar with real processes, and a browser that looks at its page. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { startPlimsoll } from '../helpers/run-cli.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';

const LIBRARY = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url));
const BUDGET_MIB = 200;

/** A cache, and Buffers until RSS is what each line of stdin says, MiB; `block` holds the event loop for six seconds. */
const PROGRAM = `
  const sessions = new Map();
  for (let i = 0; i < 4000; i++) sessions.set('session-' + i, 'x'.repeat(2000) + i);
  require(${JSON.stringify(LIBRARY)}).registerCache(sessions, { name: 'sessions' });
  const kept = [];
  process.stdin.on('data', (line) => {
    const untilMs = Date.now() + (line.toString().startsWith('block') ? 6000 : 0);
    while (Date.now() < untilMs);
    while (process.memoryUsage.rss() < Number(line) * 2 ** 20) kept.push(Buffer.alloc(2 ** 20, 1));
  });
`;

export interface RealSidecar {
  readonly url: string;
  /** `ratio`: of its budget, from now on. */
  app(service: string): RunningNode & { fill(ratio: number): void; block(): void };
  /** As a SIGKILL does; `restart` begins anew at the same address. */
  kill(): Promise<void>;
  restart(): void;
  stop(): Promise<void>;
}

export async function startRealSidecar(
  env: Readonly<Record<string, string>> = {},
  token?: string,
): Promise<RealSidecar> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-page-'));
  const port = await freePort();
  const tokenFile = join(directory, 'token');
  if (token !== undefined) writeFileSync(tokenFile, token, { mode: 0o600 });
  const running: RunningNode[] = [];
  let sidecar = start();

  function start(): RunningNode {
    const own = {
      PLIMSOLL_DIR: directory,
      PLIMSOLL_DATA_DIR: directory,
      PLIMSOLL_API_LISTEN: `127.0.0.1:${port}`,
      ...(token !== undefined && { PLIMSOLL_API_TOKEN_FILE: tokenFile }),
      ...env,
    };
    return startPlimsoll(['sidecar'], { env: own, timeoutMs: 120_000 });
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    app(service) {
      const app = startNode({
        args: ['-e', PROGRAM],
        env: {
          PLIMSOLL_DIR: directory,
          PLIMSOLL_DATA_DIR: directory,
          PLIMSOLL_MODE: 'observe',
          PLIMSOLL_PROCESS_BUDGET: `${BUDGET_MIB}MiB`,
          OTEL_SERVICE_NAME: service,
        },
        timeoutMs: 120_000,
      });
      running.push(app);
      return {
        ...app,
        fill: (ratio) => app.child.stdin.write(`${Math.round(ratio * BUDGET_MIB)}\n`),
        block: () => app.child.stdin.write('block\n'),
      };
    },
    async kill() {
      sidecar.child.kill('SIGKILL');
      await sidecar.ended;
    },
    restart() {
      sidecar = start();
    },
    async stop() {
      for (const { child } of [sidecar, ...running]) child.kill('SIGKILL');
      await Promise.all([sidecar, ...running].map(async ({ ended }) => await ended));
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Watched {
  readonly page: Page;
  /** What went anywhere but to the sidecar; none of it arrives. */
  readonly foreign: string[];
  /** What the content security policy refused, and what was thrown. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** `url`: of the sidecar, with what follows `#`. */
export async function look(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const foreign: string[] = [];
  const complaints: string[] = [];
  const { origin } = new URL(url);
  await context.route(
    (address) => address.origin !== origin && address.protocol !== 'data:',
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(message.text())) complaints.push(message.text());
  });
  await openWhenThere(page, url);
  return { page, foreign, complaints, close: async () => await context.close() };
}

/** A sidecar that was just started does not listen yet. */
async function openWhenThere(page: Page, url: string): Promise<void> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    try {
      await page.goto(url);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await page.waitForTimeout(50);
  }
}
