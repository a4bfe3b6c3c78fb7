/** What the deaths of one cell say together, and the table of all cells. */
import { median, printTable } from '../overhead/report.ts';
import { type Cell, cellKey } from './cells.ts';
import { type Death, PRESSURE_AT_LEAST } from './death.ts';

/** 19 of 20 (budget B10). */
const OK_AT_LEAST = 0.95;

export interface CellResult {
  readonly cell: Cell;
  readonly deaths: readonly Death[];
}

export function reaches({ deaths }: CellResult): boolean {
  return deaths.filter(({ ok }) => ok).length >= OK_AT_LEAST * deaths.length;
}

export function print(results: readonly CellResult[]): void {
  const judged = results.filter(({ cell }) => cell.judged);
  const reported = results.filter(({ cell }) => !cell.judged);
  if (judged.length > 0) printCells(judged);
  if (reported.length > 0) {
    console.log('\nreported, not judged: one allocation as large as all before it, or a loop that never turns again\n');
    printCells(reported);
  }
  if (judged.length > 0) printSummary(judged);
  const { samples, agreed } = oracleCount(results);
  console.log(`${agreed} of ${samples} recorded samples have the level that the offline oracle gives`);
}

/** Of the replayed samples, 99.9 % must have the oracle's level (budget B11). */
function oracleCount(results: readonly CellResult[]): { readonly samples: number; readonly agreed: number } {
  const deaths = results.flatMap((result) => result.deaths);
  const sum = (of: (death: Death) => number): number => deaths.reduce((all, death) => all + of(death), 0);
  return { samples: sum((death) => death.samples), agreed: sum((death) => death.agreed) };
}

function printCells(results: readonly CellResult[]): void {
  printTable(
    [
      'Node',
      'shape',
      'old',
      'container',
      'died of',
      'named',
      'pressure',
      'worst',
      'used/limit',
      'age ms',
      'oldest',
      'ok',
    ],
    results.map(({ cell, deaths }) => {
      const pressures = pressuresOf(deaths);
      const heapUsedRatios = deaths.flatMap(({ last }) => last?.heapUsedRatio ?? []);
      const agesMs = deaths.flatMap(({ last }) => last?.ageMs ?? []);
      return [
        cell.node,
        cell.shape,
        String(cell.oldSpaceMebibytes ?? 'default'),
        String(cell.containerMebibytes),
        counted(deaths.map(({ cause }) => cause ?? 'neither')),
        counted(deaths.map(({ last }) => (last === undefined ? 'silent' : (last.binding ?? 'none')))),
        ratio(median(pressures)),
        ratio(Math.min(...pressures)),
        ratio(median(heapUsedRatios)),
        whole(median(agesMs)),
        whole(Math.max(...agesMs)),
        `${deaths.filter(({ ok }) => ok).length}/${deaths.length}`,
      ];
    }),
    6,
  );
}

function printSummary(results: readonly CellResult[]): void {
  const deaths = results.flatMap((result) => result.deaths);
  const reached = results.filter(reaches);
  console.log(
    `\n${reached.length} of ${results.length} cells have pressure >= ${PRESSURE_AT_LEAST} and the right constraint in 19 of 20 of their runs`,
  );
  console.log(
    `last record before death, ${deaths.length} runs: pressure median ${ratio(median(pressuresOf(deaths)))}, worst ${ratio(Math.min(...pressuresOf(deaths)))};`,
  );
  const used = deaths.flatMap(({ last }) => last?.heapUsedRatio ?? []);
  console.log(
    `heapUsed/heap_size_limit median ${ratio(median(used))}, ${ratio(Math.min(...used))} to ${ratio(Math.max(...used))}`,
  );
  for (const result of results.filter((one) => !reached.includes(one))) console.log(`below: ${cellKey(result.cell)}`);
}

/** A run without a record had no pressure to show. */
function pressuresOf(deaths: readonly Death[]): number[] {
  return deaths.map(({ last }) => last?.pressureRatio ?? 0);
}

/** `heap 2, container 1`; the word alone when there is but one. */
export function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  if (counts.size === 1) return words[0] ?? '';
  return [...counts].map(([word, count]) => `${word} ${count}`).join(', ');
}

function whole(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : '–';
}

function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}
