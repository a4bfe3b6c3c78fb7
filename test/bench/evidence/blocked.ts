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

async function blockOften(
  { app, process: member, lines }: SidecarScene,
  kind: Kind,
  service: string,
): Promise<readonly Seen[]> {
  const running = app(service, { env: kind.env, timeoutMs: LONGEST_RUN_MS });
  const { instance } = await member(service, ({ exporter }) => exporter === 'sidecar');
  const path = `${scene.directory}/${instance}.ring`;
  const found: Seen[] = [];
  for (let index = 0; index < BLOCKS; index += 1) {
    const before = blockedLines(lines(), service).length;
    const endMs = await block(running, index, 2 * kind.intervalMs + 700 + Math.random() * 1500);
    const told = blockedLines(lines(), service).slice(before);
    const lastMs = lastBefore(path, endMs);
    if (told.length !== 1) missed.push(`${service}: told ${told.length} times in block ${index}`);
    else found.push({ kind, afterMs: Date.parse(told[0]?.ts ?? '') - lastMs });
  }
  return found;
}

function blockedLines(lines: ReturnType<SidecarScene['lines']>, service: string) {
  return lines.filter((line) => line.service === service && line.attributes['reason'] === 'event_loop_blocked');
}

/** Answers when the block began, by the process's own word. */
async function block(app: SceneApp, index: number, ms: number): Promise<number> {
  app.say(`block ${Math.round(ms)}`);
  const began = await app.until(new RegExp(`(?:blocking (\\d+)\\n[^]*?){${index + 1}}`));
  await app.until(new RegExp(`(?:free \\d+\\n[^]*?){${index + 1}}`));
  await new Promise((resume) => setTimeout(resume, BETWEEN_MS));
  return Number(began[1]);
}

/** Wall clock of the newest record that was written before this moment. */
function lastBefore(path: string, wallMs: number): number {
  const read = readRing(path);
  if (!read.ok) throw new Error(read.problem.message);
  const times = read.reading.records.map(({ row }) => row[COL.wallMs] ?? Number.NaN);
  return times.findLast((at) => at <= wallMs) ?? Number.NaN;
}

function report(seen: readonly Seen[]): boolean {
  console.log(
    `\nB9: the main thread is blocked, the sidecar says so (${APPS} processes each, ${BLOCKS} blocks each)\n`,
  );
  console.log('| process | blocks seen | median, ms | longest, ms | ceiling, ms |\n|---|---|---|---|---|');
  let isKept = missed.length === 0;
  for (const kind of KINDS) {
    const times = seen.filter((each) => each.kind === kind).map(({ afterMs }) => afterMs);
    times.sort((a, b) => a - b);
    const ceilingMs = 2 * kind.intervalMs + LOOK_MS;
    const longest = times.at(-1) ?? Number.NaN;
    isKept &&= longest <= ceilingMs;
    const cells = [kind.name, `${times.length} of ${APPS * BLOCKS}`, times[times.length >> 1], longest, ceilingMs];
    console.log(`| ${cells.join(' | ')} |`);
  }
  for (const each of missed) console.log(each);
  console.log(isKept ? '\nkept' : '\nNOT KEPT');
  return isKept;
}
