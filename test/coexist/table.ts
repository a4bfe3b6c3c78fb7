import type { Cell } from './cells.ts';
import { SIGNALS } from './compare.ts';
import type { Judgement } from './judge.ts';

const WIDTHS = [8, 14, 16, 32, 9, 9, 9];
const HEAD = ['SDK', 'loader', 'order', 'instrumentations, exporters', 'metrics', 'traces', 'logs', 'ours'];

export function headLine(): string {
  return row(HEAD);
}

export function judgementLine({ cell, differences, faults, ours }: Judgement): string {
  const signals = SIGNALS.map((signal) =>
    differences[signal].length === 0 ? 'same' : `${differences[signal].length} DIFFER`,
  );
  return row([...cellWords(cell), ...signals, faults.length === 0 ? ours : `WRONG: ${ours}`]);
}

/** What a person needs to see of a cell that is not as it should be. */
export function details({ cell, differences, faults }: Judgement): string {
  const lines = [...SIGNALS.flatMap((signal) => differences[signal].map((line) => `${signal} ${line}`)), ...faults];
  return lines.length === 0 ? '' : `\n${cellWords(cell).join(' · ')}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function cellWords({ app, loader, order, way, theirs, instrumentations }: Cell): string[] {
  const ways = [way === 'join' ? '' : `ours by ${way}`, theirs === 'otlp' ? '' : `theirs by ${theirs}`];
  return [app, loader, order, [instrumentations.join(' '), ...ways].filter((word) => word !== '').join(', ')];
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}
