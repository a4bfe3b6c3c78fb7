/**
 * What the header of a ring file says in JSON: what the doubles of a record are, and who wrote them. Whoever can write
 * to PLIMSOLL_DIR can write any JSON there, so decoding believes nothing.
 */
import type { LevelRatios, Policy, Thresholds } from '../model/policy.ts';
import type { Identity } from '../model/snapshot.ts';
import { MAX_NOTE_SLOT_BYTES, NOTE_JSON_OFFSET_BYTES } from './layout.ts';

export type Scalar = string | number | boolean;

/** Who wrote the file. `mode` is any text: a newer version may know more of them. */
export interface RingIdentity extends Omit<Identity, 'mode'> {
  readonly mode: string;
  readonly pid: number;
  /** From execArgv and NODE_OPTIONS, by `heapFlags`. */
  readonly heapFlags: readonly string[];
  /** Both clocks at one moment, ms: ties the monotonic column to the wall clock. */
  readonly startWallMs: number;
  readonly startMonotonicMs: number;
}

export interface Description {
  /** What a record's doubles are, in order. */
  readonly columns: readonly string[];
  readonly identity: RingIdentity;
  /** `source.fact` → value: cgroup path, limits found at start, … */
  readonly facts: Readonly<Record<string, Scalar>>;
  /** What the classifier was told; undefined when the file does not say it in a form that this version knows. */
  readonly policy: Policy | undefined;
  /** Each of the two slots of the note, behind the records; 0: the file has none. */
  readonly noteSlotBytes: number;
  /** Facts and resource attributes left out because the header was full. */
  readonly omitted: number;
}

/** Longer texts are cut: a service name of a megabyte must not cost the recording. UTF-16 units. */
const LONGEST_TEXT = 1024;

/** JSON of at most `maxBytes`, if need be with fewer facts and resource attributes; columns are never left out. */
export function encodeDescription(description: Omit<Description, 'omitted'>, maxBytes: number): Buffer {
  const facts = Object.entries(description.facts);
  const resource = Object.entries(description.identity.resource);
  const total = facts.length + resource.length;

  function encode(kept: number): Buffer {
    const whole: Description = {
      ...description,
      identity: {
        ...description.identity,
        resource: Object.fromEntries(resource.slice(0, Math.max(0, kept - facts.length))),
      },
      facts: Object.fromEntries(facts.slice(0, kept)),
      omitted: total - kept,
    };
    return Buffer.from(JSON.stringify(whole, storable));
  }

  let kept = total;
  let bytes = encode(kept);
  while (bytes.length > maxBytes && kept > 0) {
    kept >>= 1;
    bytes = encode(kept);
  }
  if (bytes.length > maxBytes)
    throw new RangeError(`a header of ${bytes.length} bytes, at most ${maxBytes} are possible`);
  return bytes;
}

function storable(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** undefined: not JSON, or without a list of columns. Whatever else is missing or odd is empty, NaN or left out. */
export function decodeDescription(json: string): Description | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { columns, identity, facts, policy, noteSlotBytes, omitted } = fields(parsed);
  if (!Array.isArray(columns) || !columns.every(isText)) return undefined;
  return {
    columns,
    identity: decodeIdentity(fields(identity)),
    facts: entriesOf(facts, isScalar),
    policy: decodePolicy(fields(policy)),
    noteSlotBytes: isNoteSize(noteSlotBytes) ? noteSlotBytes : 0,
    omitted: Number(omitted),
  };
}

function decodeIdentity(identity: Readonly<Record<string, unknown>>): RingIdentity {
  const { heapFlags, pid, startWallMs, startMonotonicMs, resource } = identity;
  const text = (name: string): string => (isText(identity[name]) ? identity[name] : '');
  return {
    serviceName: text('serviceName'),
    serviceInstanceId: text('serviceInstanceId'),
    process: text('process'),
    agentVersion: text('agentVersion'),
    nodeVersion: text('nodeVersion'),
    mode: text('mode'),
    exporter: text('exporter'),
    resource: entriesOf(resource, isText),
    pid: isNumber(pid) ? pid : Number.NaN,
    heapFlags: Array.isArray(heapFlags) ? heapFlags.filter(isText) : [],
    startWallMs: isNumber(startWallMs) ? startWallMs : Number.NaN,
    startMonotonicMs: isNumber(startMonotonicMs) ? startMonotonicMs : Number.NaN,
  };
}

function decodePolicy(policy: Readonly<Record<string, unknown>>): Policy | undefined {
  const { confirmSamples, dwellMs, coolDownMs } = policy;
  const thresholds = decodeThresholds(fields(policy['thresholds']));
  const budgetThresholds = decodeThresholds(fields(policy['budgetThresholds']));
  if (thresholds === undefined || budgetThresholds === undefined) return undefined;
  if (!isNumber(confirmSamples) || !isNumber(dwellMs) || !isNumber(coolDownMs)) return undefined;
  return { thresholds, budgetThresholds, confirmSamples, dwellMs, coolDownMs };
}

function decodeThresholds(thresholds: Readonly<Record<string, unknown>>): Thresholds | undefined {
  const enter = decodeRatios(thresholds['enter']);
  const exit = decodeRatios(thresholds['exit']);
  return enter === undefined || exit === undefined ? undefined : { enter, exit };
}

/** JSON has no undefined: a level that is off was stored as null. */
function decodeRatios(ratios: unknown): LevelRatios | undefined {
  if (!Array.isArray(ratios) || ratios.length !== 3) return undefined;
  const [elevated, high, critical] = ratios.map((ratio: unknown) => ratio ?? undefined);
  return isRatio(elevated) && isRatio(high) && isRatio(critical) ? [elevated, high, critical] : undefined;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function entriesOf<T>(value: unknown, isKind: (entry: unknown) => entry is T): Record<string, T> {
  return Object.fromEntries(Object.entries(fields(value)).filter((entry): entry is [string, T] => isKind(entry[1])));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isNoteSize(value: unknown): value is number {
  return isNumber(value) && value % 8 === 0 && value > NOTE_JSON_OFFSET_BYTES && value <= MAX_NOTE_SLOT_BYTES;
}

function isScalar(value: unknown): value is Scalar {
  return isText(value) || isNumber(value) || typeof value === 'boolean';
}

function isRatio(value: unknown): value is number | undefined {
  return value === undefined || isNumber(value);
}
