/** The connection to one agent, held open and made again when it ends: its end is the first sign of a death. */
import { connectControl, type ControlClient, type ControlError } from '../control/client.ts';
import { createRow, COL, type ColumnName, type Row } from '../model/row.ts';
import type { Clock } from '../sample/clock.ts';
import type { Connection } from './life.ts';

export interface Line {
  state(): Connection;
  client(): ControlClient | undefined;
  /** Wall clock, ms: when the last connection ended; undefined: there was none, or it lasts. */
  endedWallMs(): number | undefined;
  /** The latest row by the agent's own word. Rejects: it does not answer. */
  snapshot(): Promise<Row>;
  close(): void;
}

/** A hello that is not answered by then is one of a busy loop. */
const HELLO_MS = 1000;
const ANSWER_MS = 1000;
const AGAIN_MS = 1000;
/** The kernel closes a dead process's sockets one after the other: for a moment one that nobody serves can be connected to. */
const SOON_MS = 50;

export interface LineParts {
  /** Of the socket. */
  readonly path: string;
  readonly clock: Clock;
  /** The state is another one. */
  onChange(): void;
  /** The socket is there, and another user's alone. */
  onForbidden(): void;
}

export function createLine({ path, clock, onChange, onForbidden }: LineParts): Line {
  let state: Connection = 'none';
  let client: ControlClient | undefined;
  let endedWallMs: number | undefined;
  let closed = false;
  let cancel = (): void => undefined;

  function become(next: Connection): void {
    if (closed || next === state) return;
    state = next;
    onChange();
  }

  function connect(): void {
    connectControl(path, { watch: true, timeoutMs: HELLO_MS }).then(opened, failed);
  }

  function opened(connected: ControlClient): void {
    if (closed) return connected.close();
    client = connected;
    endedWallMs = undefined;
    void connected.ended.then(ended);
    become('open');
  }

  function ended(): void {
    client = undefined;
    if (closed) return;
    endedWallMs = clock.wallMs();
    connect(); // before anybody judges: what answers again has not died
    become('lost');
  }

  function failed(error: ControlError): void {
    if (closed) return;
    cancel = clock.setTimer(connect, error.errno === 'ECONNRESET' ? SOON_MS : AGAIN_MS);
    if (error.errno === 'EACCES' || error.errno === 'EPERM') onForbidden();
    become(stateAfter(error));
  }

  function stateAfter({ code, errno }: ControlError): Connection {
    if (errno === 'ECONNREFUSED') return 'refused';
    if (errno === 'ETIMEDOUT' || code !== 'PLM_CONTROL_FAILED') return 'unanswered';
    return endedWallMs === undefined ? 'none' : 'lost';
  }

  connect();
  return {
    state: () => state,
    client: () => client,
    endedWallMs: () => endedWallMs,
    async snapshot() {
      if (client === undefined) throw new Error('not connected');
      const { columns, row } = await client.ask('snapshot', {}, ANSWER_MS);
      return decodeRow(columns, row);
    },
    close() {
      closed = true;
      cancel();
      client?.close();
    },
  };
}

/** Another version of the agent may have other columns. */
function decodeRow(columns: readonly string[], base64: string): Row {
  const bytes = Buffer.from(base64, 'base64');
  const row = createRow();
  for (const [index, name] of columns.entries()) {
    const place = COL[name as ColumnName] as number | undefined;
    if (place !== undefined && index * 8 + 8 <= bytes.length) row[place] = bytes.readDoubleLE(index * 8);
  }
  return row;
}
