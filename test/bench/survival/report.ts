/** What the runs say together, and the table of all of them. */
import { counted } from '../truth/report.ts';
import { median, printTable } from '../overhead/report.ts';
import { type Cell, cellKey, type Guard, JUDGED_GUARDS } from './cells.ts';
import type { Ending, Told } from './run.ts';

/** Of the work of a container twice as large (budget B12). */
const WORK_AT_LEAST = 0.8;

export interface Result {
  readonly cell: Cell;
  readonly guard: Guard;
  readonly endings: readonly Ending[];
}

/** Not judged, or: killed without, and with Plimsoll finished in every run with enough of the work done. */
export function isSurvived(result: Result, all: readonly Result[]): boolean {
  const { cell, guard, endings } = result;
  if (!cell.judged) return true;
  if (guard === 'none') return endings.every(({ how }) => how !== 'finished');
  if (guard === 'twice') return endings.every(({ how }) => how === 'finished');
  if (!JUDGED_GUARDS.has(guard)) return true;
  const work = workRatio(result, all);
  return endings.every(({ how }) => how === 'finished') && !(work < WORK_AT_LEAST);
}

/** Operations a second ÷ those in a container twice as large; NaN when that was not run. */
function workRatio({ cell, endings }: Result, all: readonly Result[]): number {
  const reference = all.find((other) => other.cell === cell && other.guard === 'twice');
  return reference === undefined ? Number.NaN : median(endings.map(rateOf)) / median(reference.endings.map(rateOf));
}

function rateOf({ told, seconds }: Ending): number {
  return (told?.operations ?? 0) / seconds;
}

export function print(results: readonly Result[]): void {
  const judged = results.filter(({ cell }) => cell.judged);
  const reported = results.filter(({ cell }) => !cell.judged);
  if (judged.length > 0) printResults(judged, results);
  if (reported.length > 0) {
    console.log('\nreported, not judged: growth past 200 MB/s, or in a loop that never turns\n');
    printResults(reported, results);
  }
  const ours = judged.filter(({ guard }) => JUDGED_GUARDS.has(guard));
  const survived = ours.filter((result) => isSurvived(result, results));
  console.log(`\n${survived.length} of ${ours.length} finish with Plimsoll and do >= ${WORK_AT_LEAST} of the work`);
  for (const result of judged.filter((one) => !isSurvived(one, results))) {
    console.log(`not as promised: ${cellKey(result.cell)}, ${result.guard}`);
  }
}

const HEAD = [
  'program',
  'shape',
  'MiB',
  'MB/s',
  'guard',
  'ended',
  'after s',
  'work',
  'hits',
  'refused',
  'freed MB',
  'forced GC',
  'total ms',
  'longest ms',
  'all major ms',
  'gap ms',
  'peak',
];

function printResults(results: readonly Result[], all: readonly Result[]): void {
  printTable(
    HEAD,
    results.map((result) => rowOf(result, all)),
    6,
  );
}

function rowOf(result: Result, all: readonly Result[]): readonly string[] {
  const { cell, guard, endings } = result;
  const of = (figure: (ending: Ending) => number): number => median(endings.map(figure));
  const ofMajors = (figure: (majors: Told['majors']) => number): string =>
    whole(of(({ told }) => (told === undefined ? Number.NaN : figure(told.majors))));
  const limitBytes = cell.containerMebibytes * 2 ** 20 * (guard === 'twice' ? 2 : 1);
  const operations = of(({ told }) => told?.operations ?? 0);
  const refused = of(({ told }) => told?.refused ?? 0);
  return [
    cell.program,
    cell.shape,
    String(cell.containerMebibytes),
    String(cell.speed),
    guard,
    counted(endings.map(({ how }) => how)),
    of(({ seconds }) => seconds).toFixed(1),
    ratio(workRatio(result, all)),
    ratio(of(({ told }) => (told?.hits ?? Number.NaN) / (told?.again ?? Number.NaN))),
    ratio(refused / (operations + refused)),
    whole(of(({ freedBytes }) => freedBytes / 1e6)),
    ofMajors(({ forced }) => forced),
    ofMajors(({ forcedMs }) => forcedMs),
    ofMajors(({ longestForcedMs }) => longestForcedMs),
    ofMajors(({ totalMs }) => totalMs),
    whole(of(({ told }) => told?.longestGapMs ?? Number.NaN)),
    ratio(of(({ peakBytes }) => peakBytes / limitBytes)),
  ];
}

function whole(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : '–';
}

function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}
