/**
 * The demo: a real service under a memory limit and a real load. First as it is: the kernel kills it. Then with Plimsoll preloaded:
 * it lives, and what that took is told. Last it is allowed to die, and explained. Ends within a minute.
 *
 *     npm run demo [-- --seconds 20] [-- --keep]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import type { Assessment, CacheStatus, HistoryRow, LevelName, Status } from '../../agent/index.ts';
import { describeAssessment } from '../../agent/pipeline.ts';
import { type Limit, setLimit } from './limit.ts';
import { type Load, startLoad } from './load.ts';
import { startWatch, type Watch } from './watch.ts';

const MIB = 2 ** 20;
const LIMIT_BYTES = 160 * MIB;
const REPOSITORY = join(import.meta.dirname, '../..');
const PRELOAD = ['-r', join(REPOSITORY, 'dist/register.cjs')];
const LISTEN = process.env['PLIMSOLL_LISTEN'] ?? '127.0.0.1:19464';
/** Either part takes a few seconds; a machine that is busy takes longer. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1_000;
/** Where nothing kills it, the demo does. */
const UNKILLED_MS = 8_000;

interface Level {
  readonly kind: 'level';
  readonly level: LevelName;
  readonly previous: LevelName;
  readonly assessment: Assessment;
}

interface Facts {
  readonly kind: 'facts';
  readonly forced: { readonly collections: number; readonly totalMs: number; readonly longestMs: number };
  readonly caches: readonly CacheStatus[];
  readonly status: Status;
  readonly history: readonly HistoryRow[];
}

interface Service {
  readonly child: ChildProcess;
  readonly load: Load;
  /** Signal or exit code. */
  readonly ended: Promise<string>;
}

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, keep: { type: 'boolean', default: false } },
});
let startedMs = performance.now();

function say(text: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

async function startService(
  limit: Limit,
  nodeArgs: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const command = [...limit.prefix, process.execPath, ...nodeArgs, join(import.meta.dirname, 'service.mjs')];
  const child = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      OTEL_SERVICE_NAME: 'plimsoll-demo',
      PLIMSOLL_DWELL: '2s',
      ...process.env,
      PLIMSOLL_LISTEN: '127.0.0.1:0', // of the sidecar, which exports, is the other
      ...limit.env,
      ...env,
      OTEL_LOG_LEVEL: 'none',
    },
  });
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? `exit code ${code}`));
  if (child.stdout === null) throw new Error('the service has no stdout');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  startedMs = performance.now();
  return { child, load: startLoad(Number(/listening on (\d+)/.exec(line.toString())?.[1])), ended };
}

/** Answers how many requests it answered before its end. */
async function withoutPlimsoll(): Promise<number> {
  const limit = setLimit(LIMIT_BYTES);
  console.log(`1. a metadata service under ${mebibytes(LIMIT_BYTES)}: ${limit.how}`);
  if (limit.prefix.length === 0) {
    console.log('   nothing can kill it here, so this part is left out');
    return 0;
  }
  const { child, load, ended } = await startService(limit, []);
  const patience = setTimeout(() => child.kill(), PATIENCE_MS);
  const how = await ended;
  clearTimeout(patience);
  load.stop();
  limit.remove();
  say(
    how === 'SIGKILL'
      ? `killed by the kernel (${how}), after ${load.answered()} requests`
      : `it ended otherwise than it should: ${how}`,
  );
  return load.answered();
}

async function withPlimsoll(answeredWithout: number, { directory, page }: Watch): Promise<void> {
  const limit = setLimit(LIMIT_BYTES);
  console.log(`\n2. the same service and load, with: node -r plimsoll/register`);
  console.log(`   and beside it: plimsoll sidecar. Open ${page}`);
  const show = ['--import', pathToFileURL(join(import.meta.dirname, 'show.mjs')).href];
  const { child, load, ended } = await startService(limit, [...PRELOAD, ...show], { PLIMSOLL_DIR: directory });
  const state = { stopping: false };
  void ended.then((how) => {
    if (state.stopping) return;
    limit.remove();
    say(`the service ended before the demo did (${how})`);
    process.exit(1);
  });
  say(`scrape it meanwhile: curl http://${LISTEN}/metrics`);
  const watch = watchService(child);
  if (options.keep) await ended;
  await watch.enough();
  summarize(await watch.facts(), load, {
    levelChanges: watch.levelChanges(),
    freed: await freedBytes(),
    answeredWithout,
  });
  state.stopping = true;
  watch.stop();
  load.stop();
  child.kill();
  await ended;
  limit.remove();
}

/** Says each level change, and once a second what was given back. */
function watchService(child: ChildProcess) {
  let changes = 0;
  let told = 0;
  child.on('message', (message: Level | Facts) => {
    if (message.kind !== 'level') return;
    changes += 1;
    const { pressureRatio, binding } = message.assessment;
    const reason = `pressure ${pressureRatio.toFixed(2)} (${binding})  ${describeAssessment(message.assessment)}`;
    say(`${message.previous} → ${message.level.toUpperCase()}  ${reason}`);
  });
  async function look(): Promise<void> {
    const freed = await freedBytes();
    if (freed - told < MIB) return;
    say(`   Plimsoll gave back ${mebibytes(freed - told)}, measured`);
    told = freed;
  }
  const timer = setInterval(() => void look(), LOOK_MS);
  const isEnough = (ms: number): boolean => (told > 0 && ms >= Number(options.seconds) * 1_000) || ms >= PATIENCE_MS;
  return {
    levelChanges: () => changes,
    /** Resolves after the seconds that were asked for, and not before something was given back. */
    async enough(): Promise<void> {
      while (!isEnough(performance.now() - startedMs)) await delay(100);
    },
    async facts(): Promise<Facts> {
      const answer = new Promise<Facts>((resolve) => {
        child.on('message', (message: Level | Facts) => message.kind === 'facts' && resolve(message));
      });
      child.send('facts');
      return await answer;
    },
    stop: () => clearInterval(timer),
  };
}

/** As its metrics say. */
async function freedBytes(): Promise<number> {
  const text = await fetch(`http://${LISTEN}/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const values = text.matchAll(/^plimsoll_reclaim_freed_bytes_total\{[^}]*\} (\S+)/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

interface Counted {
  readonly levelChanges: number;
  readonly freed: number;
  readonly answeredWithout: number;
}

function summarize({ forced, caches, status, history }: Facts, load: Load, counted: Counted): void {
  const peak = Math.max(...history.map((row) => row.pressureRatio ?? 0));
  const [cache] = caches;
  const { collections, totalMs, longestMs } = forced;
  console.log(`
Summary
  requests            ${load.answered()} with Plimsoll (${load.fromCache()} from the cache); ${counted.answeredWithout} without, until the kernel killed it
  level changes       ${counted.levelChanges}
  peak pressure       ${peak.toFixed(2)} of ${mebibytes(LIMIT_BYTES)}
  pressure now        ${status.assessment.pressureRatio.toFixed(2)}, binding: ${status.assessment.binding ?? 'none'}
  given back          ${mebibytes(counted.freed)}, measured; the cache has ${cache?.entries ?? 0} entries of about ${mebibytes(cache?.bytes ?? 0)}
  what it cost        ${collections} forced collections, ${totalMs.toFixed(0)} ms of ${((performance.now() - startedMs) / 1_000).toFixed(0)} s, the longest ${longestMs.toFixed(0)} ms
  heapUsed ÷ heap_size_limit, what other tools watch, says ${ratio(status.sample.heapUsedBytes, status.sample.heapSizeLimitBytes)}`);
}

function ratio(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined ? 'nothing' : (part / whole).toFixed(2);
}

/** Plimsoll only looks on, and says afterwards what it was. */
async function allowedToDie({ directory, postmortem }: Watch): Promise<void> {
  const limit = setLimit(LIMIT_BYTES);
  console.log('\n3. once more, with PLIMSOLL_MODE=observe: it is allowed to die');
  const { child, load, ended } = await startService(limit, PRELOAD, {
    PLIMSOLL_DIR: directory,
    PLIMSOLL_MODE: 'observe',
  });
  const kill = setTimeout(() => child.kill('SIGKILL'), limit.prefix.length === 0 ? UNKILLED_MS : PATIENCE_MS);
  const how = await ended;
  clearTimeout(kill);
  load.stop();
  say(`ended by ${how}. What Plimsoll says of it: plimsoll postmortem --pid ${child.pid}\n`);
  console.log(await postmortem(child.pid ?? 0));
  limit.remove(); // a container is there for a while after its death, and its counters with it
}

const watch = await startWatch(LISTEN);
process.once('exit', watch.stop);
try {
  await withPlimsoll(await withoutPlimsoll(), watch);
  await allowedToDie(watch);
} finally {
  watch.stop();
}
