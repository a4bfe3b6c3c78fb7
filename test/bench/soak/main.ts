/**
 * `npm run soak -- --hours N` (or `--minutes N`): a service under light load without Plimsoll and with it, exporting each way, side by side,
 * and what drifts. From ten minutes on a drift beyond its bound ends with exit code 1. Linux only: memory is read from /proc.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { printTable, rounded, signed } from '../overhead/report.ts';
import { driftOf, type Drift } from './drift.ts';
import { FIGURES, type FigureKind } from './figures.ts';
import type { Receiver } from './receiver.ts';
import { createSubjects } from './subjects.ts';
import { watch, type Watched } from './watched.ts';

const MINUTE_MS = 60_000;
/** Shorter runs show that the soak works, and say nothing of drift. */
const JUDGED_FROM_MINUTES = 10;
/** Not counted: until V8 has compiled what is hot, and past the 10 s in which a process is left alone. */
const WARM_UP_MS = { judged: 2 * MINUTE_MS, short: 15_000 };
const READ_EVERY_MS = { least: 2000, most: MINUTE_MS };
const READINGS = 60;
const SCRAPE_EVERY_MS = 3000;
/** A quarter of the time. */
const AWAY_MS = 5000;
const THERE_MS = 15_000;

const { values: options } = parseArgs({ options: { hours: { type: 'string' }, minutes: { type: 'string' } } });
const minutes = options.hours === undefined ? Number(options.minutes ?? 10) : Number(options.hours) * 60;
if (!(minutes > 0)) {
  console.error('npm run soak -- --hours N | --minutes N, N above 0');
  process.exit(2);
}
const isJudged = minutes >= JUDGED_FROM_MINUTES;

const { all, unreliable } = await createSubjects();
const watched: Watched[] = [];
try {
  for (const subject of all) watched.push(await watch(subject));
  void comeAndGo(unreliable);
  const scrapes = setInterval(
    () => void Promise.all(all.map((subject) => subject.series().catch(() => {}))),
    SCRAPE_EVERY_MS,
  );
  await sleep(isJudged ? WARM_UP_MS.judged : WARM_UP_MS.short);
  await readAll();
  clearInterval(scrapes);
} finally {
  for (const { end } of watched) end();
}
const beyond = report();
process.exit(isJudged && beyond > 0 ? 1 : 0);

async function comeAndGo(receiver: Receiver): Promise<never> {
  for (;;) {
    await sleep(THERE_MS);
    await receiver.leave();
    await sleep(AWAY_MS);
    await receiver.comeBack();
  }
}

async function readAll(): Promise<void> {
  const durationMs = minutes * MINUTE_MS;
  const everyMs = Math.min(READ_EVERY_MS.most, Math.max(READ_EVERY_MS.least, durationMs / READINGS));
  const beganMs = performance.now();
  for (let dueMs = 0; dueMs <= durationMs; dueMs += everyMs) {
    await sleep(Math.max(0, beganMs + dueMs - performance.now()));
    // one after the other: two that collect at once would slow each other down
    for (const { read } of watched) await read(performance.now() - beganMs);
  }
}

/** How many drifts are beyond their bound. */
function report(): number {
  const rows: string[][] = [];
  let found = 0;
  for (const one of watched) {
    for (const figure of FIGURES) {
      const drift = driftIn(one, figure);
      if (Number.isNaN(drift.firstQuarter)) continue;
      const excess = excessOver(one, figure, drift);
      const isBeyond = excess !== undefined && excess > figure.bound;
      if (isBeyond) found += 1;
      rows.push(rowOf(one.subject.name, figure, drift, excess, isBeyond));
    }
  }
  console.log(
    `\n${minutes} minutes of Node ${process.version}; medians of the first and the last quarter. Again with: npm run soak -- --minutes ${minutes}\n`,
  );
  printTable(['', 'figure', 'first quarter', 'last quarter', 'per hour', 'over its plain row', 'allowed', ''], rows, 2);
  console.log(`\nThe receiver that is down at times took ${unreliable.requests()} requests.`);
  const verdict = found === 0 ? 'no drift is beyond its bound' : `${found} beyond their bounds`;
  console.log(isJudged ? verdict : `${verdict}; not judged below ${JUDGED_FROM_MINUTES} minutes`);
  return found;
}

function driftIn({ readings }: Watched, { key }: FigureKind): Drift {
  return driftOf(readings.map(({ atMs, figures }) => ({ atMs, value: figures[key] })));
}

/** Growth beyond that of the same without Plimsoll; undefined for that one. */
function excessOver({ subject }: Watched, figure: FigureKind, drift: Drift): number | undefined {
  const plain = watched.find((other) => other.subject === subject.plain);
  if (plain === undefined) return undefined;
  const base = driftIn(plain, figure);
  const ownGrowth = drift.lastQuarter - drift.firstQuarter;
  return Number.isNaN(base.firstQuarter) ? ownGrowth : ownGrowth - (base.lastQuarter - base.firstQuarter);
}

function rowOf(
  name: string,
  figure: FigureKind,
  drift: Drift,
  excess: number | undefined,
  isBeyond: boolean,
): string[] {
  const { firstQuarter, lastQuarter, perHour } = drift;
  const [over, allowed, word] =
    excess === undefined ? ['', '', ''] : [signed(excess), String(figure.bound), isBeyond ? 'beyond' : 'ok'];
  return [name, figure.title, rounded(firstQuarter), rounded(lastQuarter), signed(perHour), over, allowed, word];
}
