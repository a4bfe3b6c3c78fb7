/** One real death: a program in a container dies, somebody finds it, and the bench sees by itself what really happened. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { DeathCause, DeathEvidence, Postmortem } from '../../../agent/model/postmortem.ts';
import { COL } from '../../../agent/model/row.ts';
import { readLatest } from '../../../agent/record/reader.ts';
import { CLI } from '../../helpers/run-cli.ts';
import { type RunningNode, startNode } from '../../helpers/run-node.ts';
import { type Container, createContainer, hasEnded, pidIn } from './container.ts';
import { type Truth, truthOf } from './truth.ts';
import type { Way } from './ways.ts';

/** `successor`: in the same container; `new container`: in one whose group knows nothing of the death. */
export const FINDERS = ['parent', 'sidecar', 'successor', 'new container'] as const;
export type FinderName = (typeof FINDERS)[number];

export interface Found {
  readonly cause: DeathCause;
  readonly evidence: DeathEvidence;
  readonly confidence: number;
  readonly because: readonly string[];
  readonly foundBy: string;
  /** From the end of the process to the post-mortem; from its own start for a successor. */
  readonly afterMs: number;
}

export interface Case {
  readonly way: string;
  readonly meant: DeathCause;
  readonly finder: FinderName;
  readonly version: 1 | 2;
  readonly instance: string;
  /** Wall clock, ms. */
  readonly endedMs: number;
  readonly truth: Truth;
  readonly found: Found | undefined;
  /** Last record before the end of the process, ms, and what it announced to be the longest time to the next. */
  readonly lastAgeMs: number | undefined;
  readonly intervalMs: number | undefined;
  /** For whoever looks into it. */
  readonly report: string;
}

const PROGRAM = fileURLToPath(new URL('programs/die.mjs', import.meta.url));
const SUCCESSOR = ['-e', 'setInterval(() => {}, 1000)'];
/** `plimsoll run` lives in the container of its child. */
const PARENT_MEBIBYTES = 96;
const SUCCESSOR_MEBIBYTES = 256;
/** Under an emulated processor too. */
const LIFE_TIMEOUT_MS = 180_000;
const FOUND_WITHIN_MS = 60_000;
/** Who ended itself well needs no explanation, and is given none. */
const NOT_FOUND_WITHIN_MS = 5_000;
const LOOK_MS = 5;

export interface Place {
  /** The folder that the bench's sidecar watches; undefined: one of its own. */
  readonly watched?: string | undefined;
  /** Recordings are copied here, under the instance's name. */
  readonly keep?: string | undefined;
}

export async function die(way: Way, finder: FinderName, { watched, keep }: Place = {}): Promise<Case> {
  const directory = watched ?? mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'));
  const container = createContainer(way.limitMebibytes + (finder === 'parent' ? PARENT_MEBIBYTES : 0));
  try {
    const { one, paths } = await dieIn(container, directory, way, finder);
    if (keep !== undefined) cpSync(paths.ring, join(keep, basename(paths.ring)));
    for (const path of Object.values(paths)) rmSync(path, { force: true });
    return one;
  } finally {
    container.remove();
    if (watched === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

async function dieIn(container: Container, directory: string, way: Way, finder: FinderName) {
  const app = startApp(container, directory, way, finder);
  const [, ringPath = ''] = await app.until(/recording (\S+)/);
  const pid = pidIn(container.group, PROGRAM);
  if (pid === undefined) throw new Error(`nothing runs in ${container.group.path}\n${(await app.ended).report}`);
  const ring = join(directory, basename(ringPath));
  const paths = { ring, postmortem: ring.replace(/\.ring$/, '.death.json') };
  const ownDeath = finder === 'parent' || finder === 'sidecar';
  if (way.signal !== undefined) void signalWhenReached(app, pid, way);
  const endedMs = await endOf(pid);
  const waiting = ownDeath ? awaitPostmortem(paths.postmortem, endedMs) : undefined;
  const result = await app.ended;
  const truth = truthOf(result, container.group.oomKills());
  const age = lastAge(ring, endedMs);
  const { found, report: finding } =
    waiting === undefined
      ? await succeed(container, directory, paths.postmortem, { finder, truth })
      : { found: await waiting, report: '' };
  const { version } = container.group;
  const instance = basename(ring, '.ring');
  const facts = { way: way.name, meant: way.cause, finder, version, instance, endedMs, truth, found, ...age };
  const report = [result.report, finding, JSON.stringify(facts, undefined, 1)].join('\n');
  return { one: { ...facts, report } satisfies Case, paths };
}

function startApp(container: Container, directory: string, way: Way, finder: FinderName): RunningNode {
  const { oldSpaceMebibytes, life, behindShell } = way;
  const flags = oldSpaceMebibytes === undefined ? [] : [`--max-old-space-size=${oldSpaceMebibytes}`];
  const program = [...flags, PROGRAM, JSON.stringify(life)];
  const options = {
    env: environment(directory),
    shellBefore: container.enter(behindShell),
    timeoutMs: LIFE_TIMEOUT_MS,
  };
  const running =
    finder === 'parent'
      ? startNode({ ...options, preload: 'none', args: [CLI, 'run', '--', process.execPath, ...program] })
      : startNode({ ...options, args: program });
  running.child.stdin.end();
  return running;
}

export function environment(directory: string): Record<string, string> {
  return {
    PLIMSOLL_DIR: directory,
    PLIMSOLL_DATA_DIR: directory,
    PLIMSOLL_API_LISTEN: '127.0.0.1:0',
    TMPDIR: directory,
  };
}

async function signalWhenReached(app: RunningNode, pid: number, { signal, signalAfterMs = 0 }: Way): Promise<void> {
  try {
    await app.until(/reached/);
    await delay(signalAfterMs);
    process.kill(pid, signal);
  } catch {
    // it died of something else before: told by how it ended
  }
}

/** Wall clock, ms. */
async function endOf(pid: number): Promise<number> {
  while (!hasEnded(pid)) await delay(LOOK_MS);
  return Date.now();
}

function lastAge(path: string, endedMs: number): Pick<Case, 'lastAgeMs' | 'intervalMs'> {
  const read = readLatest(path);
  const row = read.ok ? read.reading.record?.row : undefined;
  if (row === undefined) return { lastAgeMs: undefined, intervalMs: undefined };
  const value = (column: number): number => row[column] ?? Number.NaN;
  return { lastAgeMs: endedMs - value(COL.wallMs), intervalMs: value(COL.agentIntervalSeconds) * 1000 };
}

/** `sinceMs` on the wall clock. */
async function awaitPostmortem(path: string, sinceMs: number, withinMs = FOUND_WITHIN_MS): Promise<Found | undefined> {
  while (!existsSync(path)) {
    if (Date.now() - sinceMs > withinMs) return undefined;
    await delay(LOOK_MS);
  }
  const afterMs = Date.now() - sinceMs;
  const { cause, evidence, confidence, because, foundBy } = JSON.parse(readFileSync(path, 'utf8')) as Postmortem;
  return { cause, evidence, confidence, because, foundBy, afterMs };
}

async function succeed(
  before: Container,
  directory: string,
  path: string,
  { finder, truth }: Pick<Case, 'finder' | 'truth'>,
) {
  const container = finder === 'successor' ? before : createContainer(SUCCESSOR_MEBIBYTES);
  const successor = startNode({
    args: SUCCESSOR,
    env: environment(directory),
    shellBefore: container.enter(),
    timeoutMs: LIFE_TIMEOUT_MS,
  });
  const found = await awaitPostmortem(
    path,
    Date.now(),
    truth.how === 'exit code 0' ? NOT_FOUND_WITHIN_MS : FOUND_WITHIN_MS,
  );
  const files = readdirSync(directory).join(' ');
  container.stop();
  const { report } = await successor.ended;
  if (container !== before) container.remove();
  return { found, report: `${report}\n${files}` };
}
