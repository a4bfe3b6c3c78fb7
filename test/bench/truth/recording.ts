/** What the agent of a finished program left in its PLIMSOLL_DIR. */
import { COL, type ColumnName, type Row } from '../../../agent/model/row.ts';
import { listRings } from '../../../agent/record/directory.ts';
import { readRing } from '../../../agent/record/reader.ts';
import { oracleLevels } from '../../agent/classify/oracle.ts';

export interface Recording {
  readonly rows: readonly Row[];
  /** Samples whose recorded level is the one that the offline oracle gives. */
  readonly agreed: number;
}

/** A string says why there is none. */
export function readRecording(directory: string): Recording | string {
  const list = listRings(directory);
  if (!list.ok) return list.problem.message;
  const ring = list.rings[0];
  if (ring === undefined) return `no recording in ${directory}`;
  const read = readRing(ring.path);
  if (!read.ok) return read.problem.message;
  const { policy } = read.reading.header;
  if (policy === undefined) return `${ring.path} does not say by which policy it was judged`;
  const rows = read.reading.records.map(({ row }) => row);
  const expected = oracleLevels(rows, policy);
  return { rows, agreed: rows.filter((row, index) => value(row, 'level') === expected[index]).length };
}

export function value(row: Row, column: ColumnName): number {
  return row[COL[column]] ?? Number.NaN;
}
