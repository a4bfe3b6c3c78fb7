import type { Socket } from 'node:net';

import type { ExporterClock } from '../agent/model/exporter.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { untraced } from './otlp/untraced.ts';
import { onText, readMessages } from './siblings-lines.ts';
import type { Message } from '../agent/model/message.ts';
import {
  helloLine,
  isCollect,
  readAnswer,
  SIBLING_PATH,
  SIBLING_UPGRADE,
  snapshotLine,
  type Introduction,
  type Refusal,
} from './siblings-protocol.ts';

/** What became of the attempt to have one's numbers served by the process that has the listen address. */
export type JoinOutcome =
  | { readonly kind: 'joined'; readonly slot: string; readonly service: string; onLeft(callback: () => void): void }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly service: string }
  /** It is a program that does not know Plimsoll, or does not answer. */
  | { readonly kind: 'foreign' }
  /** It went away meanwhile. */
  | { readonly kind: 'gone' };

export interface JoinParts {
  readonly host: string;
  readonly port: number;
  readonly clock: Pick<ExporterClock, 'setTimer'>;
  readonly introduction: Introduction;
  snapshot(): Snapshot;
}

export interface Joining {
  readonly outcome: Promise<JoinOutcome>;
  /** Ends the attempt, or the membership. */
  leave(): void;
}

/** A primary may be blocked for long while its workers start. Waiting costs nothing: nothing is told meanwhile. */
const PATIENCE_MS = 30_000;
const MAX_HEAD = 8 * 1024;
const UPGRADED = 'HTTP/1.1 101 ';

/**
 * Not by node:http: its requests are seen by every instrumentation and every subscriber of its diagnostics channels, and would be
 * client spans in the application's traces.
 */
export function joinSiblings({ host, port, clock, introduction, snapshot }: JoinParts): Joining {
  const { Socket: Connection } = process.getBuiltinModule('node:net');
  const socket = new Connection();
  const { outcome, settle } = createOutcome();
  let onLeft: (() => void) | undefined;
  let isLeft = false;

  const cancelPatience = clock.setTimer(() => {
    settle({ kind: 'foreign' });
    socket.destroy();
  }, PATIENCE_MS);

  function onMessage(message: Message): void {
    if (isCollect(message)) {
      socket.write(snapshotLine(snapshot()));
      return;
    }
    const answer = readAnswer(message);
    cancelPatience();
    if (answer === undefined) settle({ kind: 'foreign' });
    else if ('refused' in answer) settle({ kind: 'refused', refusal: answer.refused, service: answer.service });
    else
      settle({
        kind: 'joined',
        slot: answer.joined,
        service: answer.service,
        onLeft(callback) {
          if (isLeft) callback();
          else onLeft = callback;
        },
      });
  }

  const { push } = readMessages(socket, onMessage, () => {
    isLeft = true;
    cancelPatience();
    settle({ kind: 'gone' });
    onLeft?.();
  });
  afterUpgrade(
    socket,
    () => socket.write(helloLine(introduction)),
    push,
    () => settle({ kind: 'foreign' }),
  );
  untraced(() => socket.connect({ host: reachable(host), port }));
  socket.write(
    `GET ${SIBLING_PATH} HTTP/1.1\r\nHost: plimsoll\r\nConnection: Upgrade\r\nUpgrade: ${SIBLING_UPGRADE}\r\n\r\n`,
  );
  return { outcome, leave: () => socket.destroy() };
}

/** Every address is reached at loopback, which no other machine can be at. */
function reachable(host: string): string {
  return host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host;
}

/** The first thing that settles it counts. */
function createOutcome(): { readonly outcome: Promise<JoinOutcome>; settle(outcome: JoinOutcome): void } {
  let settle: (outcome: JoinOutcome) => void = () => undefined;
  const outcome = new Promise<JoinOutcome>((resolve) => {
    settle = resolve;
  });
  return { outcome, settle };
}

/** Reads the head of the HTTP response; what follows a 101 is messages. */
function afterUpgrade(
  socket: Socket,
  onUpgraded: () => void,
  onMessages: (text: string) => void,
  onForeign: () => void,
): void {
  let head: string | undefined = '';
  onText(socket, (text) => {
    if (head === undefined) return onMessages(text);
    head += text;
    const end = head.indexOf('\r\n\r\n');
    const isForeign = head.length >= UPGRADED.length && !head.startsWith(UPGRADED);
    if (isForeign || (end === -1 && head.length > MAX_HEAD)) {
      onForeign();
      socket.destroy();
      return undefined;
    }
    if (end === -1) return undefined;
    const rest = head.slice(end + 4);
    head = undefined;
    onUpgraded();
    return onMessages(rest);
  });
}
