/** Statistics and tables of the overhead benchmark. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest-rank quantile, 0..1; NaN of nothing. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)] ?? Number.NaN;
}

/** One promise of budgets and what became of it. `measured` is undefined when it could not be measured. */
export interface Verdict {
  readonly budget: string;
  readonly what: string;
  readonly unit: string;
  readonly allowed: number;
  readonly measured: number | undefined;
  /** The peers' figures, for the eye. */
  readonly against?: string;
}

export function verdictWord({ measured, allowed }: Verdict): 'pass' | 'over' | 'not measured' {
  if (measured === undefined || Number.isNaN(measured)) return 'not measured';
  return measured <= allowed ? 'pass' : 'over';
}

export function printVerdicts(verdicts: readonly Verdict[]): void {
  printTable(
    ['budget', 'what', 'allowed', 'measured', '', 'against'],
    verdicts.map((verdict) => [
      verdict.budget,
      verdict.what,
      `${verdict.allowed} ${verdict.unit}`,
      verdict.measured === undefined ? '–' : `${rounded(verdict.measured)} ${verdict.unit}`,
      verdictWord(verdict),
      verdict.against ?? '',
    ]),
    2,
  );
}

/** Columns from `numbersFrom` on are numbers and right-aligned. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], textColumns = 1): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < textColumns ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  console.log(line(head));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of rows) console.log(line(row));
}

/** Three significant digits, none of them after the point from 100 on. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

export function signed(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value < 0 ? `−${rounded(-value)}` : `+${rounded(value)}`;
}
