/** Points as CSV and as lines of JSON. */
import type { ApiPoint } from './types.ts';

export const CSV_COLUMNS = [
  'instance',
  'process',
  'wallMs',
  'level',
  'isDrill',
  'pressureRatio',
  'binding',
  'usageBytes',
  'limitBytes',
  'headroomBytes',
  'timeToLimitSeconds',
  'rssBytes',
  'heapUsedBytes',
  'cachesBytes',
  'job',
  'stage',
] as const satisfies readonly (keyof ApiPoint)[];

/** Points that are one piece of the answer. */
const A_PIECE = 200;

export async function* csv(batches: AsyncIterable<readonly ApiPoint[]>): AsyncGenerator<string> {
  yield `${CSV_COLUMNS.join(',')}\n`;
  yield* lines(batches, (point) => CSV_COLUMNS.map((column) => cell(point[column])).join(','));
}

export function ndjson(batches: AsyncIterable<readonly ApiPoint[]>): AsyncGenerator<string> {
  return lines(batches, (point) => JSON.stringify(point));
}

async function* lines(
  batches: AsyncIterable<readonly ApiPoint[]>,
  lineOf: (point: ApiPoint) => string,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    for (let at = 0; at < batch.length; at += A_PIECE) {
      yield batch
        .slice(at, at + A_PIECE)
        .map((point) => `${lineOf(point)}\n`)
        .join('');
    }
  }
}

/** A text that begins like a formula would be run as one by a spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection. */
function cell(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
