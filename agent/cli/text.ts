/** Numbers as a person reads them. NaN and undefined are `–`: unavailable. */
import { styleText } from 'node:util';

import { LEVELS, type LevelName } from '../model/level.ts';

export { bytesText, durationText, ratioText } from '../model/quantity.ts';

const ABSENT = '–';

const COLOURS = { normal: 'green', elevated: 'yellow', high: 'magenta', critical: 'red' } as const;

/** `styleText` adds no colour where stdout is no terminal or NO_COLOR is set. */
export function levelText(level: number): string {
  const name: LevelName | undefined = LEVELS[level];
  return name === undefined ? ABSENT : styleText(COLOURS[name], name, { stream: process.stdout });
}

/** JSON has no NaN and no Infinity: both are null, and the documentation says which one a key can be. */
export function jsonNumber(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** ISO 8601; null when the time is not known. */
export function jsonTime(wallMs: number | undefined): string | null {
  return wallMs !== undefined && Number.isFinite(wallMs) ? new Date(wallMs).toISOString() : null;
}
