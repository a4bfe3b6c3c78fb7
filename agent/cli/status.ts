/** `plimsoll status`: how close every process is to its death, from the ring files or else from the metrics endpoint. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import { problem, problemLine, type Problem } from '../model/problem.ts';
import { cacheJson } from './cache-view.ts';
import { command, usageError, type Cli, type ExitCode } from './command.ts';
import { environmentOf, optionFlags, readOptions } from './flags.ts';
import { byDanger, memoryJson, processJson, viewOfRecording, type ProcessView } from './process-view.ts';
import { isLive, recordingsIn } from './recording.ts';
import { httpGet, urlOf, viewsOf } from './scrape.ts';
import { statusLine, statusText } from './status-text.ts';
import { jsonTime } from './text.ts';

const WATCH_INTERVAL_MS = 1_000;
/** Cursor home, and clear what is below it: no flicker, and nothing left of a longer page. */
const REDRAW = '\u001B[H\u001B[J';

export const status = command({
  usage: 'status',
  flags: {
    ...optionFlags(['directory', 'listen']),
    url: { type: 'string', requiresArg: true, describe: 'Metrics endpoint to ask, instead of ring files' },
    json: { type: 'boolean', default: false, describe: 'One JSON document; with --watch one a line' },
    watch: { type: 'boolean', default: false, describe: 'Again each second, until Ctrl-C' },
    verbose: { type: 'boolean', default: false, describe: 'Every constraint, caches, what is degraded, every reading' },
  },
  positionals: [],
  examples: [
    ['$0 status --watch', 'each second'],
    ['$0 status --json --dir /var/run/plimsoll', 'for a program, from a shared folder'],
    ['$0 status --url http://127.0.0.1:19464/metrics', 'a process that records nothing'],
  ],
  run: async (flags, cli) => {
    const env = { ...cli.env, ...environmentOf(flags) };
    const options = await readOptions(env, ['directory', 'listen']);
    const places: Places = {
      directory: flags.url === undefined ? options.directory : undefined,
      endpoint: flags.url === undefined ? urlOf(options.listen, '/metrics') : parseUrl(flags.url),
    };
    const look = (): Promise<Found> => find(places, cli.wallMs());
    const shape: Shape = { json: flags.json, verbose: flags.verbose };
    return flags.watch ? await watch(look, shape, cli) : show(await look(), shape, cli);
  },
});

interface Places {
  readonly directory: string | undefined;
  readonly endpoint: URL;
}

interface Shape {
  readonly json: boolean;
  readonly verbose: boolean;
}

interface Found {
  /** Worst first. */
  readonly processes: readonly ProcessView[];
  readonly atMs: number;
  /** Why there is none. */
  readonly problem: Problem | undefined;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') {
    throw usageError(`--url is ${JSON.stringify(text)}, must be an http URL (http://127.0.0.1:19464/metrics).`);
  }
  if (url.pathname === '/') url.pathname = '/metrics';
  return url;
}

async function find({ directory, endpoint }: Places, atMs: number): Promise<Found> {
  const live = directory === undefined ? [] : recordingsIn(directory).filter((recording) => isLive(recording, atMs));
  const recorded = live.flatMap((recording) => viewOfRecording(recording) ?? []);
  const asked = recorded.length > 0 ? { processes: recorded, why: '' } : await ask(endpoint);
  const processes = asked.processes.toSorted(byDanger);
  return { processes, atMs, problem: processes.length > 0 ? undefined : noProcess(directory, asked.why) };
}

function noProcess(directory: string | undefined, why: string): Problem {
  const folder =
    directory === undefined ? 'no folder of ring files was named' : `no live process records in ${directory}`;
  return problem('PLM_NO_PROCESS', `${folder}, and ${why}; preload the agent, or name its --dir or --listen.`);
}

async function ask(endpoint: URL): Promise<{ processes: readonly ProcessView[]; why: string }> {
  try {
    const { status: code, body } = await httpGet(endpoint);
    const processes = code === 200 ? viewsOf(body, endpoint.href) : [];
    return { processes, why: `${endpoint.href} answers ${code} without metrics of Plimsoll` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { processes: [], why: `nothing answers at ${endpoint.href} (${code ?? message})` };
  }
}

function show(found: Found, shape: Shape, cli: Cli): ExitCode {
  if (shape.json) cli.out(JSON.stringify(statusJson(found), undefined, 2));
  if (found.problem !== undefined) {
    cli.note(problemLine(found.problem));
    return 1;
  }
  if (!shape.json) cli.out(statusText(found.processes, found.atMs, shape.verbose));
  return 0;
}

/** Ends with the first SIGINT or SIGTERM: 0, or 1 when no process was seen in all that time. */
async function watch(look: () => Promise<Found>, shape: Shape, cli: Cli): Promise<ExitCode> {
  const stop = new AbortController();
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => stop.abort());
  let sawOne = false;
  let toldNone = false;
  while (!stop.signal.aborted) {
    const found = await look();
    sawOne ||= found.problem === undefined;
    if (shape.json) cli.out(JSON.stringify(statusJson(found)));
    else if (cli.isTerminal) redraw(found, shape, cli);
    else for (const each of found.processes) cli.out(statusLine(each, found.atMs));
    if (found.problem !== undefined && !cli.isTerminal && !toldNone) cli.note(problemLine(found.problem));
    toldNone = found.problem !== undefined;
    await wait(WATCH_INTERVAL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  await asked;
  return sawOne ? 0 : 1;
}

function redraw({ processes, atMs, problem: why }: Found, { verbose }: Shape, cli: Cli): void {
  const page = why === undefined ? statusText(processes, atMs, verbose) : problemLine(why);
  cli.out(`${REDRAW}plimsoll status  ${jsonTime(atMs)}  (Ctrl-C ends)\n\n${page}`);
}

/** `memory` and `cache` are those of the process that is closest to its death. */
function statusJson({ processes, atMs, problem: why }: Found) {
  const [worst] = processes;
  return {
    available: worst !== undefined,
    enabled: processes.some(({ mode }) => mode !== 'off'),
    at: jsonTime(atMs),
    memory: worst === undefined ? null : memoryJson(worst.row),
    cache: cacheJson(worst?.caches),
    detailed: worst === undefined ? null : processJson(worst, atMs).detailed,
    processes: processes.map((each) => processJson(each, atMs)),
    problem: why ?? null,
  };
}
