/** What a query or a body may say: each kind reads, checks and describes itself. */
import { parseDurationMs } from '../../config/parse.ts';
import { badValue, Refusal } from './refusal.ts';

export interface Parameter<T> {
  readonly doc: string;
  /** Completes "must be …". */
  readonly allowed: string;
  /** JSON Schema, as OpenAPI shows it. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Where it is left out; `NEEDED`: it must not be. */
  readonly otherwise: T | typeof NEEDED;
  /** Of a query always a text. undefined: not of this kind. */
  parse(value: unknown): T | undefined;
}

export const NEEDED = Symbol('needed');

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;
export type ValuesOf<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

/** Longest text that anything is called by. */
const MOST_TEXT = 256;

export function text(doc: string): Parameter<string | undefined> {
  return {
    doc,
    allowed: `a text of 1 to ${MOST_TEXT} characters`,
    schema: { type: 'string', minLength: 1, maxLength: MOST_TEXT },
    otherwise: undefined,
    parse: (value) => (typeof value === 'string' && value !== '' && value.length <= MOST_TEXT ? value : undefined),
  };
}

export function choice<T extends string>(values: readonly T[], otherwise: T, doc: string): Parameter<T> {
  return {
    doc,
    allowed: `one of ${values.join(', ')}`,
    schema: { type: 'string', enum: values, default: otherwise },
    otherwise,
    parse: (value) => values.find((one) => one === value),
  };
}

/** Left out, it is a mistake. */
export function needed<T extends string>(values: readonly T[], doc: string): Parameter<T> {
  return {
    doc,
    allowed: `one of ${values.join(', ')}`,
    schema: { type: 'string', enum: values },
    otherwise: NEEDED,
    parse: (value) => values.find((one) => one === value),
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
}

export function whole<T extends number | undefined>(
  { min, max }: Range,
  otherwise: T,
  doc: string,
): Parameter<T | number> {
  return {
    doc,
    allowed: `a whole number from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max, ...(otherwise === undefined ? {} : { default: otherwise }) },
    otherwise,
    parse(value) {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
        ? number
        : undefined;
    },
  };
}

/** A moment: so long ago, or a point in time. */
export interface Moment {
  /** ms since the epoch. */
  wallMs(nowMs: number): number;
}

const DAY_MS = 86_400_000;

/** `otherwiseAgoMs`: Infinity is everything. */
export function moment(otherwiseAgoMs: number, doc: string): Parameter<Moment> {
  return {
    doc,
    allowed: 'a duration back from now (10m, 2h, 1d), a time (2026-01-31T12:00:00Z) or ms since the epoch',
    schema: { type: 'string' },
    otherwise: { wallMs: (nowMs) => nowMs - otherwiseAgoMs },
    parse(value) {
      if (typeof value !== 'string') return undefined;
      const agoMs = parseDurationMs(value) ?? daysMs(value);
      if (agoMs !== undefined) return { wallMs: (nowMs) => nowMs - agoMs };
      const atMs = /^\d{10,15}$/.test(value) ? Number(value) : isoMs(value);
      return atMs === undefined ? undefined : { wallMs: () => atMs };
    },
  };
}

function daysMs(value: string): number | undefined {
  const [, days] = /^(\d{1,4})d$/.exec(value) ?? [];
  return days === undefined ? undefined : Number(days) * DAY_MS;
}

/** `Date.parse` takes much more than this. */
function isoMs(value: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Left out where they were, each once, none that is not known. */
export function readQuery<P extends Parameters>(parameters: P, query: URLSearchParams): ValuesOf<P> {
  for (const name of new Set(query.keys())) {
    if (query.getAll(name).length > 1) throw badValue(name, query.getAll(name), 'given once');
  }
  return read(parameters, Object.fromEntries(query));
}

export function readBody<P extends Parameters>(parameters: P, body: unknown): ValuesOf<P> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badValue('the body', body, 'a JSON object');
  return read(parameters, { ...body });
}

function read<P extends Parameters>(parameters: P, given: Readonly<Record<string, unknown>>): ValuesOf<P> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) throw unknownName(name, Object.keys(parameters));
  }
  const values = Object.entries(parameters).map(([name, { parse, allowed, otherwise }]) => {
    const isGiven = Object.hasOwn(given, name);
    if (!isGiven && otherwise !== NEEDED) return [name, otherwise];
    const value = parse(given[name]);
    if (value === undefined) throw badValue(name, given[name], allowed);
    return [name, value];
  });
  return Object.fromEntries(values) as ValuesOf<P>;
}

function unknownName(name: string, known: readonly string[]): Refusal {
  const allowed = known.length === 0 ? 'none' : `one of ${known.join(', ')}`;
  const shown = JSON.stringify(name.slice(0, 80));
  return new Refusal(
    400,
    'PLM_API_PARAMETER',
    `${shown} is no parameter of this route, must be ${allowed}. Nothing is done.`,
  );
}
