/** Runs a cell: the program is led by its stdin, what it exports goes to a receiver of the test's own. */
import { ask } from '../helpers/http-client.ts';
import { startOtlpReceiver, type OtlpReceiver, type OtlpRequest } from '../helpers/otlp-receiver.ts';
import { freePort } from '../helpers/prometheus.ts';
import { startNode, type RunningNode, type RunResult } from '../helpers/run-node.ts';
import { invocationOf, type Cell } from './cells.ts';

export interface CellRun {
  readonly requests: readonly OtlpRequest[];
  readonly result: RunResult;
}

/** ms between two exports of the application. */
const EXPORT_INTERVAL_MS = 250;
/** Of the process: the service has 80 to 140 MB before it grows by 300 MiB. */
const BUDGET = '360MiB';

export async function runCell(cell: Cell, folder: string, withPlimsoll: boolean, env: Env = {}): Promise<CellRun> {
  const receiver = await startOtlpReceiver();
  const port = await freePort();
  const { args, env: cellEnv } = invocationOf(cell, withPlimsoll);
  const running = startNode({
    preload: 'none',
    args,
    cwd: folder,
    timeoutMs: 40_000,
    env: {
      APP_FOLDER: folder,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
      OTEL_METRIC_EXPORT_TIMEOUT: String(EXPORT_INTERVAL_MS),
      PLIMSOLL_PROCESS_BUDGET: BUDGET,
      PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
      ...cellEnv,
      ...env,
    },
  });
  try {
    await lead(running, cell, receiver, withPlimsoll ? port : undefined);
  } catch (error) {
    running.child.kill('SIGKILL');
    throw error;
  } finally {
    await running.ended;
    await receiver.close();
  }
  return { requests: receiver.requests, result: await running.ended };
}

type Env = Readonly<Record<string, string>>;

/** `port`: of Plimsoll's own listener; undefined: without Plimsoll. */
async function lead(running: RunningNode, cell: Cell, receiver: OtlpReceiver, port: number | undefined): Promise<void> {
  const joined = (after = 0): Promise<unknown> =>
    port === undefined ? Promise.resolve() : untilJoined(running, receiver, after);
  await running.until(/ready\n/);
  if (cell.order === 'SDK late') {
    if (port !== undefined) await untilListening(port);
    await command(running, 'start');
  }
  await joined();
  await command(running, 'work');
  // their own exports are telemetry too, in SDK 1.x: both runs have had one
  await nextExport(running, receiver);
  if (cell.order === 'registered anew') {
    await command(running, 'restart');
    await joined(receiver.requests.length);
    await command(running, 'work');
  }
  await command(running, 'grow');
  await command(running, 'work');
  await command(running, 'end');
}

const said = new WeakMap<RunningNode, number>();

/** Resolves when the program has done it. */
async function command(running: RunningNode, word: string): Promise<void> {
  const count = (said.get(running) ?? 0) + 1;
  said.set(running, count);
  running.child.stdin.write(`${word}\n`);
  await running.until(new RegExp(`(done \\w+\\n[^]*){${count}}`));
}

/** Resolves with the first of the application's exports that has metrics of ours. */
async function untilJoined(running: RunningNode, receiver: OtlpReceiver, after: number): Promise<void> {
  const earlier = new Set(receiver.requests.slice(0, after));
  const joined = receiver.until(
    (request) => !earlier.has(request) && request.path === '/v1/metrics' && /"name":"plimsoll\.pressure"/.test(String(request.bytes)),
  );
  await orItEnds(running, joined);
}

async function nextExport(running: RunningNode, receiver: OtlpReceiver): Promise<void> {
  const earlier = new Set(receiver.requests);
  await orItEnds(running, receiver.until((request) => !earlier.has(request) && request.path === '/v1/metrics'));
}

async function orItEnds(running: RunningNode, awaited: Promise<unknown>): Promise<void> {
  const ended = running.ended.then(({ report }) => Promise.reject(new Error(`the program ended early\n${report}`)));
  await Promise.race([awaited, ended]);
}

/** Plimsoll has no way to say it: ask until it answers. */
async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const reply = await ask({ port, path: '/metrics' }).catch(() => undefined);
    if (reply?.status === 200) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`nothing listens on port ${port}`);
}
