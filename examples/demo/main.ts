/**
 * The demo: a real service under a memory limit, with the agent preloaded, driven by a real load.
 * Prints each level change with its reason, leaves the metrics endpoint scrapeable, ends within a minute.
 *
 *     npm run demo [-- --seconds 40] [-- --keep]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { Assessment, HistoryRow, LevelName, Status } from '../../agent/index.ts';
import { describeAssessment } from '../../agent/pipeline.ts';
import { setLimit } from './limit.ts';

const MIB = 2 ** 20;
const LIMIT_BYTES = 160 * MIB;
const REPOSITORY = join(import.meta.dirname, '../..');
const LISTEN = process.env['PLIMSOLL_LISTEN'] ?? '127.0.0.1:19464';

type Message =
  | { kind: 'listening'; port: number }
  | { kind: 'level'; level: LevelName; previous: LevelName; assessment: Assessment }
  | { kind: 'reclaim'; level: LevelName; targetBytes: number; bytes: number; entries: number }
  | {
      kind: 'summary';
      requests: number;
      hits: number;
      evicted: number;
      entries: number;
      status: Status;
      history: HistoryRow[];
    };

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '40' }, keep: { type: 'boolean', default: false } },
});
const startedMs = performance.now();
const state = { stopping: false };
let levelChanges = 0;

function say(text: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

function show(message: Message): void {
  if (message.kind === 'level') {
    levelChanges += 1;
    const { pressureRatio, binding } = message.assessment;
    say(
      `${message.previous} → ${message.level.toUpperCase()}  pressure ${pressureRatio.toFixed(2)} (${binding})  ${describeAssessment(message.assessment)}`,
    );
  } else if (message.kind === 'reclaim') {
    say(
      `   the service gave back ${message.entries} cache entries, ${mebibytes(message.bytes)} of the ${mebibytes(message.targetBytes)} it was asked for`,
    );
  }
}

/** Asks the service for one file after another; a query makes each round of the files new to the cache. */
async function load(port: number, files: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  for (let index = 0; !state.stopping; index++) {
    const file = `${files[index % files.length]}?round=${Math.floor(index / files.length)}`;
    await get(port, `/metadata?file=${encodeURIComponent(file)}`, agent).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  agent.destroy();
}

function get(port: number, path: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

function nextMessage<K extends Message['kind']>(child: ChildProcess, kind: K): Promise<Extract<Message, { kind: K }>> {
  return new Promise((resolve) => {
    child.on('message', (message: Message) => {
      if (message.kind === kind) resolve(message as Extract<Message, { kind: K }>);
    });
  });
}

function summarize({ requests, hits, evicted, entries, status, history }: Extract<Message, { kind: 'summary' }>): void {
  const peak = Math.max(...history.map((row) => row.pressureRatio ?? 0));
  console.log(`
Summary
  requests            ${requests} (${hits} from the cache)
  level changes       ${levelChanges}
  peak pressure       ${peak.toFixed(2)} of ${mebibytes(LIMIT_BYTES)}
  pressure now        ${status.assessment.pressureRatio.toFixed(2)}, binding: ${status.assessment.binding ?? 'none'}
  cache               ${entries} entries, ${evicted} given back under pressure
  heapUsed ÷ heap_size_limit, what other tools watch, says ${ratio(status.sample.heapUsedBytes, status.sample.heapSizeLimitBytes)}`);
}

function ratio(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined ? 'nothing' : (part / whole).toFixed(2);
}

const limit = setLimit(LIMIT_BYTES);
const files = globSync('node_modules/**/*.{md,js,mjs,cjs,json,ts}', { cwd: REPOSITORY })
  .filter((file) => !file.includes('/typescript/'))
  .map((file) => join(REPOSITORY, file))
  .slice(0, 4_000);
const command = [
  ...limit.prefix,
  process.execPath,
  '-r',
  join(REPOSITORY, 'dist/register.cjs'),
  join(import.meta.dirname, 'service.mjs'),
];
say(`a metadata service under ${mebibytes(LIMIT_BYTES)}: ${limit.how}; ${files.length} files to read`);
const child = spawn(command[0] ?? '', command.slice(1), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  env: {
    OTEL_SERVICE_NAME: 'plimsoll-demo',
    PLIMSOLL_DWELL: '2s',
    ...process.env,
    PLIMSOLL_LISTEN: LISTEN,
    ...limit.env,
    OTEL_LOG_LEVEL: 'none',
  },
});
child.on('message', show);
const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
const early = exited.then((end) => {
  if (state.stopping) return;
  limit.remove();
  say(`the service ended before the demo did (${end.signal ?? `exit code ${end.code}`})`);
  process.exit(1);
});

const { port } = await nextMessage(child, 'listening');
say(`scrape it meanwhile: curl http://${LISTEN}/metrics`);
void load(port, files);
if (values.keep) await early;
await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1_000));
const summary = nextMessage(child, 'summary');
child.send('summary');
summarize(await summary);
state.stopping = true;
child.kill();
await exited;
limit.remove();
