/** GET memory/history: the in-process window as JSON in pages, or as a stream of CSV or NDJSON. */
import type { AgentHandle } from '../../agent/model/handle.ts';
import { RESOLUTIONS, WINDOW_COLUMNS, type HistoryRow, type Resolution } from '../../agent/model/window.ts';
import { badParameter, json, type Answer } from './answer.ts';

const DEFAULT_LIMIT = 1000;
const MOST_LIMIT = 5000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** What the history of jobs has and this process's window has not. */
const ELSEWHERE = ['job_id', 'stage', 'process'];

export function history(agent: AgentHandle | undefined, query: URLSearchParams, accept: string): Answer {
  for (const name of ELSEWHERE) {
    const value = query.get(name);
    if (value !== null) throw badParameter(name, value, 'left out: a process keeps no history by it');
  }
  const resolution = readResolution(query.get('resolution') ?? '1s');
  const since = readSince(query.get('since'));
  const untilMs = readTime('until', query.get('until')) ?? Infinity;
  const limit = readLimit(query.get('limit'));
  const rows = (agent?.history({ sinceMs: since.agoMs, resolution }) ?? []).filter(
    ({ wallMs = 0 }) => wallMs >= since.wallMs && wallMs <= untilMs,
  );
  if (accept.includes('text/csv')) return stream('text/csv', csv(rows));
  if (accept.includes('application/x-ndjson')) return stream('application/x-ndjson', ndjson(rows));
  const page = rows.slice(0, limit);
  const last = page.at(-1)?.wallMs;
  const next = rows.length > limit && last !== undefined ? nextPage(query, last + 1) : undefined;
  return json({ resolution, rows: page, next });
}

function stream(type: string, body: Iterable<string>): Answer {
  return { status: 200, headers: { 'content-type': type }, body };
}

function* csv(rows: readonly HistoryRow[]): Generator<string> {
  yield `${WINDOW_COLUMNS.join(',')}\n`;
  for (const row of rows) yield `${WINDOW_COLUMNS.map((column) => row[column] ?? '').join(',')}\n`;
}

function* ndjson(rows: readonly HistoryRow[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** The query of the next page. */
function nextPage(query: URLSearchParams, sinceMs: number): string {
  const next = new URLSearchParams(query);
  next.set('since', new Date(sinceMs).toISOString());
  return `?${next.toString()}`;
}

function readResolution(text: string): Resolution {
  const found = RESOLUTIONS.find(({ name }) => name === text);
  if (found === undefined) {
    throw badParameter('resolution', text, `one of ${RESOLUTIONS.map(({ name }) => name).join(', ')}`);
  }
  return found.name;
}

/** A duration back from now, or a time. */
function readSince(text: string | null): { readonly agoMs: number; readonly wallMs: number } {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text ?? '') ?? [];
  if (amount !== undefined) return { agoMs: Number(amount) * (UNIT_MS[unit] ?? 0), wallMs: 0 };
  return { agoMs: Infinity, wallMs: readTime('since', text, 'a duration (10m) or ') ?? 0 };
}

function readTime(name: string, text: string | null, or = ''): number | undefined {
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw badParameter(name, text, `${or}a time (2026-01-31T12:00:00Z)`);
  return ms;
}

function readLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST_LIMIT) throw badParameter('limit', text, `a whole number from 1 to ${MOST_LIMIT}`);
  return limit;
}
