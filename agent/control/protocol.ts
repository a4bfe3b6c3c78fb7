/** The lines of a control connection, as each end reads what the other sent: it may be another version, or no Plimsoll at all. */
import { LEVELS } from '../model/level.ts';
import {
  CONTROL_PROTOCOL,
  type ControlAnswer,
  type ControlHello,
  type ControlOperation,
  type ControlOperations,
  type ControlRequest,
} from '../model/control.ts';
import type { CaptureKind } from '../model/event.ts';
import type { ProblemCode } from '../model/problem.ts';

/** A request is a hundred bytes. */
export const MAX_REQUEST_BYTES = 64 * 1024;
/** An answer with five hundred caches is a quarter of it. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
export const MAX_DRILL_MS = 600_000;

/** Why something is not done. */
export interface Refusal {
  readonly id: number;
  readonly code: ProblemCode;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Read<K extends ControlOperation> = (fields: Fields) => ControlOperations[K]['asks'] | string;

const CAPTURES: readonly CaptureKind[] = ['report', 'profile', 'snapshot'];

/** Of each operation: its fields, or what they must be. */
const ASKS: { readonly [K in ControlOperation]: Read<K> } = {
  hello: ({ watch }) => (typeof watch === 'boolean' ? { watch } : 'watch must be true or false'),
  snapshot: () => ({}),
  caches: () => ({}),
  clear({ name }) {
    if (name === undefined) return {};
    return typeof name === 'string' ? { name } : 'name must be that of a cache';
  },
  reclaim({ targetBytes }) {
    if (targetBytes === undefined) return {};
    return isPositive(targetBytes) ? { targetBytes } : 'targetBytes must be a positive number';
  },
  capture({ kind }) {
    const known = CAPTURES.find((each) => each === kind);
    return known === undefined ? `kind must be one of ${CAPTURES.join(', ')}` : { kind: known };
  },
  drill({ level, forMs }) {
    const known = LEVELS.find((each) => each === level);
    if (known === undefined) return `level must be one of ${LEVELS.join(', ')}`;
    if (known === 'normal') return { level: known, forMs: 0 };
    return isPositive(forMs) && forMs <= MAX_DRILL_MS
      ? { level: known, forMs }
      : `forMs must be more than 0 and at most ${MAX_DRILL_MS}`;
  },
};

function isId(id: unknown): boolean {
  return Number.isSafeInteger(id) && Number(id) > 0;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isOperation(op: unknown): op is ControlOperation {
  return typeof op === 'string' && Object.hasOwn(ASKS, op);
}

/** `id` is 0 where the line has none. */
export function readRequest(line: string): ControlRequest | Refusal {
  const fields = parsed(line);
  if (fields === undefined || !isId(fields['id'])) {
    return {
      id: 0,
      code: 'PLM_CONTROL_INVALID',
      message: 'a request is a JSON object on one line, with an `id` from 1 on',
    };
  }
  const { op } = fields;
  const id = Number(fields['id']);
  if (!isOperation(op)) {
    const known = Object.keys(ASKS).join(', ');
    return {
      id,
      code: 'PLM_CONTROL_UNKNOWN',
      message: `op ${JSON.stringify(op)?.slice(0, 50)} is not one of ${known}`,
    };
  }
  const asks = ASKS[op](fields);
  if (typeof asks === 'string') return { id, code: 'PLM_CONTROL_INVALID', message: asks };
  return { id, op, ...asks } as ControlRequest;
}

/** undefined: it is none. */
export function readAnswer(line: string): ControlAnswer | undefined {
  const fields = parsed(line);
  if (fields === undefined || !Number.isSafeInteger(fields['id'])) return undefined;
  const { ok, result, code, message } = fields;
  const id = Number(fields['id']);
  if (ok === true) return { id, ok, result };
  return ok === false && isText(code) && isText(message) ? { id, ok, code, message } : undefined;
}

/** Whether it is what an answer to this operation is made of, as far as a reader would trip over it. */
const IS_ANSWER: { readonly [K in ControlOperation]: (result: unknown) => boolean } = {
  hello: (result) => isHello(result),
  snapshot: (result) => has(result, { columns: isTexts, row: isText, note: isObject }),
  caches: (result) => isListOf(result, { name: isText, library: isText, entries: isNumber, bytes: isNumber }),
  clear: (result) => isListOf(result, { name: isText, entries: isNumber, bytes: isNumber }),
  reclaim: (result) =>
    has(result, {
      outcome: isText,
      detail: isText,
      promisedBytes: isNumber,
      freedBytes: isNumber,
      returnedBytes: isNumber,
    }),
  capture: (result) => has(result, { path: isText, bytes: isNumber }),
  drill: (result) => has(result, { untilWallMs: isNumber }),
};

export function isAnswerTo<K extends ControlOperation>(
  op: K,
  result: unknown,
): result is ControlOperations[K]['answers'] {
  return IS_ANSWER[op](result);
}

function isHello(result: unknown): result is ControlHello {
  return (
    has(result, { protocol: isNumber, instance: isText, agentVersion: isText, pid: isNumber }) &&
    (result as ControlHello).protocol === CONTROL_PROTOCOL
  );
}

type Check = (value: unknown) => boolean;

function has(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
}

function isListOf(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return Array.isArray(value) && value.every((each) => has(each, checks));
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

/** What is not finite is null in JSON. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' || value === null;
}

function parsed(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
