/**
 * `node test/bench/evidence/blocked.ts [--short]`, after a build: B9, real processes whose main thread is stuck, and when the sidecar says so.
 * Late is counted from the last record that the process wrote: twice the interval that it announced, and one look of the sidecar.
 */
import { parseArgs } from 'node:util';

import { COL } from '../../../agent/model/row.ts';
import { readRing } from '../../../agent/record/reader.ts';
import { createSidecarScene, type SceneApp, type SidecarScene } from '../../helpers/sidecar-scene.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });

interface Kind {
  readonly name: string;
  readonly intervalMs: number;
  readonly env: Readonly<Record<string, string>>;
}

const KINDS: readonly Kind[] = [
  { name: 'at rest, 1 s', intervalMs: 1000, env: { PLIMSOLL_SAMPLE_INTERVAL: '1s' } },
  { name: 'at rest, 200 ms', intervalMs: 200, env: { PLIMSOLL_SAMPLE_INTERVAL: '200ms' } },
  // its budget is less than what it begins with
  {
    name: 'at critical, 1 s',
    intervalMs: 1000,
    env: { PLIMSOLL_SAMPLE_INTERVAL: '1s', PLIMSOLL_PROCESS_BUDGET: '40MiB', PLIMSOLL_CAPTURE: 'off' },
  },
];
const APPS = 3;
const BLOCKS = values.short ? 2 : 12;
/** One look of the sidecar near a limit. */
const LOOK_MS = 250;
const BETWEEN_MS = 1500;
const LONGEST_RUN_MS = 600_000;

interface Seen {
  readonly kind: Kind;
  /** From the last record to the event, ms. */
  readonly afterMs: number;
}

const scene = await createSidecarScene();
const missed: string[] = [];
try {
  scene.startSidecar({ timeoutMs: LONGEST_RUN_MS });
  const all = KINDS.flatMap((kind) =>
    Array.from({ length: APPS }, (_, index) => ({ kind, service: `${kind.name} ${index}` })),
  );
  const seen = (await Promise.all(all.map(async ({ kind, service }) => await blockOften(scene, kind, service)))).flat();
  process.exitCode = report(seen) ? 0 : 1;
} finally {
  await scene.stop();
}

/** All that was told of one process: on a machine that is busy with others it may be silent without being asked to. */
async function blockOften(
  { app, process: member, lines, directory }: SidecarScene,
  kind: Kind,
  service: string,
): Promise<readonly Seen[]> {
  const running = app(service, { env: kind.env, timeoutMs: LONGEST_RUN_MS });
  const { instance } = await member(service, ({ exporter }) => exporter === 'sidecar');
  const found: Seen[] = [];
  for (let index = 0; index < BLOCKS; index += 1) {
    const before = blockedLines(lines(), service).length;
    await block(running, index, 2 * kind.intervalMs + 700 + Math.random() * 1500);
    const told = blockedLines(lines(), service).slice(before);
    const recordedMs = recordTimes(`${directory}/${instance}.ring`);
    if (told.length === 0) missed.push(`${service}: block ${index} was not told`);
    for (const { ts } of told) {
      const lastMs = recordedMs.findLast((at) => at <= Date.parse(ts)) ?? Number.NaN;
      found.push({ kind, afterMs: Date.parse(ts) - lastMs });
    }
  }
  return found;
}

function blockedLines(lines: ReturnType<SidecarScene['lines']>, service: string) {
  return lines.filter((line) => line.service === service && line.attributes['reason'] === 'event_loop_blocked');
}

async function block(app: SceneApp, index: number, ms: number): Promise<void> {
  app.say(`block ${Math.round(ms)}`);
  await app.until(new RegExp(`(?:free \\d+\n[^]*?){${index + 1}}`));
  await new Promise((resume) => setTimeout(resume, BETWEEN_MS));
}

function recordTimes(path: string): readonly number[] {
  const read = readRing(path);
  if (!read.ok) throw new Error(read.problem.message);
  return read.reading.records.map(({ row }) => row[COL.wallMs] ?? Number.NaN);
}

function report(seen: readonly Seen[]): boolean {
  console.log(
    `\nB9: the main thread is blocked, the sidecar says so (${APPS} processes each, ${BLOCKS} blocks each)\n`,
  );
  console.log(
    '| process | silences told | too early | median, ms | longest, ms | ceiling, ms |\n|---|---|---|---|---|---|',
  );
  let isKept = missed.length === 0;
  for (const kind of KINDS) {
    const times = seen.filter((each) => each.kind === kind).map(({ afterMs }) => afterMs);
    times.sort((a, b) => a - b);
    const ceilingMs = 2 * kind.intervalMs + LOOK_MS;
    const longest = times.at(-1) ?? Number.NaN;
    const early = times.filter((ms) => ms < 2 * kind.intervalMs).length;
    isKept &&= longest <= ceilingMs && early === 0;
    console.log(`| ${[kind.name, times.length, early, times[times.length >> 1], longest, ceilingMs].join(' | ')} |`);
  }
  for (const each of missed) console.log(each);
  console.log(isKept ? '\nkept' : '\nNOT KEPT');
  return isKept;
}
