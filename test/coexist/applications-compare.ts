/** An application and a tool, each run with and without Plimsoll: what differs, in words. Nothing may. */
import { existsSync, globSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { appIn, type App } from '../../scripts/install-apps.ts';
import { ask, type Ask } from '../helpers/http-client.ts';
import { startOtlpReceiver } from '../helpers/otlp-receiver.ts';
import { freePort } from '../helpers/prometheus.ts';
import { runNode, startNode, type Preload, type RunningNode, type RunResult } from '../helpers/run-node.ts';
import { comparable, inOneOrder } from './applications-comparable.ts';

interface Application {
  readonly name: string;
  /** Its folder of test/apps. */
  readonly app: string;
  /** The program and its arguments; Node's own options first. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The ways of getting in that make a difference for it. */
  readonly preloads: readonly Preload[];
}

/** It listens at the port in PORT, and ends at SIGTERM. */
export interface Service extends Application {
  /** On stdout, once it answers. Its group, if any: the pid that SIGTERM is for, where the program is a child. */
  readonly ready: RegExp;
  readonly serviceName: string;
  /** An executable in the place of Node.js. */
  readonly executable?: string;
  readonly requests: readonly Omit<Ask, 'port'>[];
}

/** It ends by itself. */
export interface Tool extends Application {
  /** What it writes, as a glob inside the folder. */
  readonly writes?: string;
  /** Its parts run at the same time, and report when they are done. */
  readonly isParallel?: boolean;
  /** It ends its workers by a signal: that is no exit with 0, and their recordings stay. */
  readonly killsWorkers?: boolean;
  /** The exit code without Plimsoll, so that a tool that does not even start is seen. */
  readonly code: number;
}

/** Whether the two runs were the same, and if not, how. */
export interface Comparison {
  readonly differences: readonly string[];
  /** Both runs whole, for the reader of a failure. */
  readonly report: string;
}

/** Exit may not wait for us; what two runs on a busy machine differ by is less. */
const EXIT_SLACK_MS = 1000;
const LOG_DELAY_MS = 200;
const TIMEOUT_MS = 120_000;

const BARE_ENVIRONMENT = { NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

const ROOT = resolve(import.meta.dirname, '../..');

/** A folder of test/apps, ready to run; `plimsoll` can be imported in it, as npm would have installed it. */
export function applicationIn(name: string): App {
  const app = appIn(name);
  const link = join(app.folder, 'node_modules/plimsoll');
  mkdirSync(join(app.folder, 'node_modules'), { recursive: true });
  if (existsSync(link) && realpathSync(link) === realpathSync(ROOT)) return app;
  rmSync(link, { force: true }); // of another checkout, perhaps gone
  symlinkSync(ROOT, link, 'junction');
  return app;
}

interface Served {
  readonly result: RunResult;
  readonly replies: readonly string[];
  readonly shutdownMs: number;
  /** service.name at our endpoint. */
  readonly serviceName: string | undefined;
}

export async function compareService(service: Service, folder: string, preload: Preload): Promise<Comparison> {
  // the same port twice: pages, tags and logs name it
  const port = await freePort();
  const plain = await serve(service, folder, 'none', port);
  const loaded = await serve(service, folder, preload, port);
  const differences = [
    ...differencesOf(plain.result, loaded.result),
    ...service.requests.flatMap(({ path }, index) =>
      difference(`the answer to ${path}`, plain.replies[index], loaded.replies[index]),
    ),
    ...difference('service.name at the endpoint', service.serviceName, loaded.serviceName),
    ...(loaded.shutdownMs > plain.shutdownMs + EXIT_SLACK_MS
      ? [`shutdown took ${Math.round(loaded.shutdownMs)} ms, without Plimsoll ${Math.round(plain.shutdownMs)}`]
      : []),
  ];
  return { differences, report: `${loaded.result.report}\nwithout Plimsoll\n${plain.result.report}` };
}

async function serve(service: Service, cwd: string, preload: Preload, port: number): Promise<Served> {
  const endpoint = await freePort();
  const env = { ...BARE_ENVIRONMENT, ...service.env, PORT: String(port), PLIMSOLL_LISTEN: `127.0.0.1:${endpoint}` };
  const args = service.args.map((arg) => arg.replaceAll('$PORT', String(port)));
  const node = service.executable ?? process.execPath;
  const running = startNode({ node, args, preload, cwd, env, timeoutMs: TIMEOUT_MS });
  let pid = running.child.pid ?? Number.NaN;
  try {
    const [, servingPid] = await running.until(service.ready);
    pid = Number(servingPid ?? pid);
    const replies: string[] = [];
    for (const request of service.requests) replies.push(await replyTo({ ...request, port }));
    // without Plimsoll as long as with it: loggers write a while after the answer
    if (preload === 'none') await delay(LOG_DELAY_MS);
    const serviceName = preload === 'none' ? undefined : await serviceNameAt(endpoint, running);
    const askedMs = performance.now();
    process.kill(pid, 'SIGTERM');
    const result = await running.ended;
    return { result, replies, shutdownMs: performance.now() - askedMs, serviceName };
  } catch (error) {
    if (running.child.exitCode === null) process.kill(pid, 'SIGTERM');
    throw error;
  }
}

async function replyTo(request: Ask): Promise<string> {
  const { status, headers, body } = await ask(request);
  const { date: _date, ...others } = headers;
  return comparable(`${status}\n${JSON.stringify(others, null, 1)}\n${body.toString('latin1')}`);
}

/** The endpoint opens a while after the first line: nobody tells when. */
async function serviceNameAt(port: number, running: RunningNode): Promise<string | undefined> {
  for (let attempts = 0; attempts < 200 && running.child.exitCode === null; attempts++) {
    const reply = await ask({ port, path: '/metrics' }).catch(() => undefined);
    if (reply !== undefined) return /^target_info\{.*?service_name="([^"]*)"/m.exec(reply.body.toString())?.[1];
    await delay(50);
  }
  return undefined;
}

/**
 * `spare`: an empty folder of the caller's, which must be empty afterwards. A whole tree of processes wants one and the same port, as
 * it would at home; a process that is alone has a collector, which must hear nothing of it.
 */
export async function compareTool(tool: Tool, cwd: string, preload: Preload, spare: string): Promise<Comparison> {
  const receiver = await startOtlpReceiver();
  const exporter: Readonly<Record<string, string>> =
    preload === 'node-options'
      ? { PLIMSOLL_LISTEN: `127.0.0.1:${await freePort()}` }
      : { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const run = async (by: Preload) => {
    for (const path of filesOf(tool, cwd)) rmSync(join(cwd, path));
    const ours = { PLIMSOLL_DIR: spare, ...exporter };
    const env = { ...BARE_ENVIRONMENT, ...tool.env, ...(by === 'none' ? {} : ours) };
    const result = await runNode({ args: tool.args, preload: by, cwd, env, timeoutMs: TIMEOUT_MS });
    return { result, files: filesOf(tool, cwd).map((path) => `${path}\n${readFileSync(join(cwd, path), 'latin1')}`) };
  };
  // again when it took long: on a busy machine that was chance, and a delay of its exit is there each time
  const isDelayed = async (without: RunResult, withPlimsoll: RunResult, attempts = 3): Promise<boolean> => {
    if (withPlimsoll.durationMs <= 2 * without.durationMs + EXIT_SLACK_MS) return false;
    return attempts === 1 || (await isDelayed((await run('none')).result, (await run(preload)).result, attempts - 1));
  };
  const plain = await run('none');
  const loaded = await run(preload);
  const differences = [
    ...difference('the exit code without Plimsoll', tool.code, plain.result.code),
    ...differencesOf(plain.result, loaded.result, tool.isParallel),
    ...difference('what was written', plain.files, loaded.files),
    ...difference('whether it writes', tool.writes !== undefined && tool.code === 0, plain.files.length > 0),
    ...difference('requests to a collector', 0, receiver.requests.length),
    ...((await isDelayed(plain.result, loaded.result)) ? ['it ends later, each time it is run'] : []),
    ...(loaded.result.durationMs < 9_000 && tool.code === 0 && tool.killsWorkers !== true
      ? difference('what is left in PLIMSOLL_DIR', [], globSync('**/*', { cwd: spare }))
      : []),
  ];
  await receiver.close();
  return { differences, report: `${loaded.result.report}\nwithout Plimsoll\n${plain.result.report}` };
}

function filesOf({ writes }: Tool, cwd: string): readonly string[] {
  if (writes === undefined) return [];
  const found = globSync(writes, { cwd, withFileTypes: true }).filter((entry) => entry.isFile());
  return found.map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1)).toSorted();
}

function differencesOf(plain: RunResult, loaded: RunResult, isParallel = false): readonly string[] {
  const told = (text: string): string => (isParallel ? inOneOrder(comparable(text)) : comparable(text));
  return [
    ...difference('stdout', told(plain.stdout), told(loaded.stdout)),
    ...difference('stderr', told(plain.stderr), told(loaded.stderr)),
    ...difference('exit', `${plain.code} ${plain.signal}`, `${loaded.code} ${loaded.signal}`),
    ...(loaded.timedOut || plain.timedOut ? ['it did not end'] : []),
  ];
}

function difference(what: string, plain: unknown, loaded: unknown): readonly string[] {
  const [expected, actual] = [plain, loaded].map((value) => JSON.stringify(value, null, 1) ?? 'undefined');
  if (expected === actual) return [];
  return [
    `${what} differs\n  without: ${firstDifferenceOf(expected, actual)}\n  with:    ${firstDifferenceOf(actual, expected)}`,
  ];
}

/** Around the first character that differs. */
function firstDifferenceOf(text = '', other = ''): string {
  let index = 0;
  while (index < text.length && text[index] === other[index]) index++;
  return text.slice(Math.max(0, index - 120), index + 400);
}
