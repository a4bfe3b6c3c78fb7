/** Numbers for people. What is not known is a dash. */
export const UNKNOWN = '–';

const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function unitOf(value: number): number {
  const size = Math.abs(value);
  return size < KIB ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(size) / Math.log(KIB)));
}

/** Three digits at most: 9.8 MiB, 98 MiB, 980 MiB. */
function inUnit(size: number, unit: number): string {
  const value = size / KIB ** unit;
  return unit === 0 || Math.abs(value) >= 99.95 ? value.toFixed(0) : value.toFixed(Math.abs(value) < 9.95 ? 1 : 0);
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const unit = unitOf(value);
  return `${inUnit(value, unit)} ${UNITS[unit] ?? ''}`;
}

/** Both in the unit of the limit: 471 of 512 MiB. */
export function useOf(usage: number | null | undefined, limit: number | null | undefined): string {
  if (usage === null || usage === undefined) return UNKNOWN;
  if (limit === null || limit === undefined || !Number.isFinite(limit)) return bytes(usage);
  const unit = limit / KIB ** unitOf(limit) < 10 ? Math.max(0, unitOf(limit) - 1) : unitOf(limit);
  return `${inUnit(usage, unit)} of ${inUnit(limit, unit)} ${UNITS[unit] ?? ''}`;
}

export function rate(bytesPerSecond: number | null | undefined): string {
  return bytesPerSecond === null || bytesPerSecond === undefined ? UNKNOWN : `${bytes(bytesPerSecond)}/s`;
}

export function percent(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined || !Number.isFinite(ratio) ? UNKNOWN : `${Math.round(ratio * 100)} %`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? UNKNOWN : value.toLocaleString('en-US');
}

/** The two largest units: 40 s, 3 min, 2 h 5 min, 4 d 3 h. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(seconds < 0.95 ? 1 : 0)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Beyond an hour it is a figure nobody can act on. */
export function timeToLimit(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  return seconds > 3600 ? 'over 1 h' : `about ${duration(seconds)}`;
}

/** In the reader's time zone. */
export function clock(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString('en-GB');
}

export function dateTime(wallMs: number): string {
  const date = new Date(wallMs);
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clock(wallMs)}`;
}

export function ago(wallMs: number, nowMs: number): string {
  return nowMs - wallMs < 1500 ? 'just now' : `${duration((nowMs - wallMs) / 1000)} ago`;
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
