/**
 * What the processes of one service say to each other, so that one scrape tells of all of them. Whoever has the listen address is the hub;
 * the others connect to it (`GET /plimsoll/v1/sibling`, `Upgrade: plimsoll`) and from then on both send JSON, one message a line:
 *
 *     sibling: hello   hub: welcome, or why not   …at each scrape…   hub: collect   sibling: its snapshot
 *
 * Two versions of Plimsoll understand each other: unknown members are ignored, and columns go by name, as in the ring file.
 */
import { givenBackOf, readGivenBack } from './siblings-given-back.ts';
import { isList, isText, type Message } from '../agent/model/message.ts';
import { COLUMNS, createRow, type Row } from '../agent/model/row.ts';
import { OUTCOMES, type ActionCount, type Mode, type Snapshot } from '../agent/model/snapshot.ts';

export const SIBLING_PATH = '/plimsoll/v1/sibling';
export const SIBLING_UPGRADE = 'plimsoll';
const PROTOCOL = 1;
/** A hello, the longest message, is 8 kB. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_COLUMNS = 4096;
const MAX_ENTRIES = 256;

/** Sibling → hub, first. */
export interface Hello {
  readonly service: string;
  /** The same for all processes of a container; empty where that is not known. */
  readonly container: string;
  readonly parentPid: number;
  readonly instance: string;
  readonly agent: string;
  readonly node: string;
  /** The slot it would like to have. */
  readonly slot: string;
  readonly columns: readonly string[];
}

/** Why the hub takes no further sibling. */
const REFUSALS = ['service', 'container', 'full', 'protocol'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Hub → sibling. */
export type Answer =
  | { readonly joined: string; readonly service: string }
  | { readonly refused: Refusal; readonly service: string };

/** Whose process this is; the columns are the same for every process of this version. */
export type Introduction = Omit<Hello, 'columns'>;

export const COLLECT = line({ collect: true });

export function helloLine(introduction: Introduction): string {
  return line({ ...introduction, plimsoll: PROTOCOL, columns: COLUMNS });
}

export function answerLine(answer: Answer): string {
  return line(answer);
}

/** What `row` and the counts are at this moment. */
export function snapshotLine(snapshot: Snapshot): string {
  const { row, identity, degraded, actions } = snapshot;
  return line({
    row: Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString('base64'),
    mode: identity.mode,
    exporter: identity.exporter,
    degraded: degraded.slice(0, MAX_ENTRIES).map(({ reason }) => reason),
    actions: actions.slice(0, MAX_ENTRIES).map(({ action, outcome, count }) => [action, outcome, count]),
    ...givenBackOf(snapshot),
  });
}

function line(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

/** undefined: no JSON object. */
export function messageOf(text: string): Message | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** undefined: no hello. `'protocol'`: of a Plimsoll that is understood no more, or not yet. */
export function readHello(message: Message): Hello | 'protocol' | undefined {
  const { service, container, parentPid, instance, agent, node, slot, columns } = message;
  if (typeof message['plimsoll'] !== 'number') return undefined;
  if (message['plimsoll'] !== PROTOCOL) return 'protocol';
  if (!isText(service) || !isText(container) || !isText(instance) || !isText(agent) || !isText(node) || !isText(slot))
    return undefined;
  if (typeof parentPid !== 'number' || !isList(columns, MAX_COLUMNS) || !columns.every(isText)) return undefined;
  return { service, container, parentPid, instance, agent, node, slot, columns };
}

export function readAnswer({ joined, refused, service }: Message): Answer | undefined {
  if (!isText(service)) return undefined;
  if (isText(joined)) return { joined, service };
  const refusal = REFUSALS.find((known) => known === refused);
  return refusal === undefined ? undefined : { refused: refusal, service };
}

export function isCollect({ collect }: Message): boolean {
  return collect === true;
}

/** Makes a snapshot of what the process of this hello sends; undefined: it is none. */
export function createSnapshotReader(hello: Hello, slot: string): (message: Message) => Snapshot | undefined {
  const places = new Map(hello.columns.map((name, index) => [name, index]));
  const order = COLUMNS.map((name) => places.get(name) ?? -1);
  return (message) => {
    const { row: encoded, mode, exporter, degraded, actions } = message;
    const row = typeof encoded === 'string' ? readRow(encoded, hello.columns.length, order) : undefined;
    if (row === undefined || !isText(mode) || !isText(exporter)) return undefined;
    return {
      row,
      identity: {
        serviceName: hello.service,
        serviceInstanceId: hello.instance,
        process: slot,
        agentVersion: hello.agent,
        nodeVersion: hello.node,
        mode: mode as Mode,
        exporter,
        resource: {},
      },
      tellsSurroundings: false,
      degraded: texts(degraded).map((reason) => ({ reason, detail: '', repair: '' })),
      actions: (isList(actions, MAX_ENTRIES) ? actions : []).flatMap((entry) => readAction(entry) ?? []),
      ...readGivenBack(message),
    };
  };
}

/** A column that the other version does not have is unavailable. */
function readRow(encoded: string, columns: number, order: readonly number[]): Row | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== columns * Float64Array.BYTES_PER_ELEMENT) return undefined;
  const values = new Float64Array(columns);
  new Uint8Array(values.buffer).set(bytes);
  const row = createRow();
  for (const [index, place] of order.entries()) row[index] = values[place] ?? Number.NaN;
  return row;
}

function readAction(entry: unknown): ActionCount | undefined {
  if (!Array.isArray(entry)) return undefined;
  const [action, outcome, count] = entry as readonly unknown[];
  const known = OUTCOMES.find((candidate) => candidate === outcome);
  return isText(action) && known !== undefined && typeof count === 'number'
    ? { action, outcome: known, count }
    : undefined;
}

function texts(value: unknown): readonly string[] {
  return isList(value, MAX_ENTRIES) ? value.filter(isText) : [];
}
