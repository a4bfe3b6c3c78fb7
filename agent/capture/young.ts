import { COL, type Row } from '../model/row.ts';

/** A process that ends before is a probe, and leaves no file behind. */
const SHORT_LIVED_SECONDS = 10;

export function isYoung(row: Row): boolean {
  return (row[COL.processUptimeSeconds] ?? Number.NaN) < SHORT_LIVED_SECONDS;
}
