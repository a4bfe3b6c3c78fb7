/** Numbers as a person reads them. NaN and undefined are `–`: unavailable. */

const ABSENT = '–';
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Limits and uses; Infinity is `no limit`. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined || Number.isNaN(bytes)) return ABSENT;
  if (bytes === Infinity) return 'no limit';
  const size = Math.abs(bytes);
  if (size >= GIB) return `${trimmed(bytes / GIB)} GiB`;
  return size >= MIB / 10 || size === 0 ? `${trimmed(bytes / MIB)} MiB` : `${trimmed(bytes / 1024)} KiB`;
}

export function ratioText(ratio: number | undefined): string {
  return ratio === undefined || Number.isNaN(ratio) ? ABSENT : `${trimmed(ratio * 100)} %`;
}

export function durationText(seconds: number | undefined): string {
  if (seconds === undefined || Number.isNaN(seconds)) return ABSENT;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${trimmed(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function trimmed(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0).replace(/\.0$/, '');
}
