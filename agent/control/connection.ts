/** One connection to the agent's control socket: its requests in, an answer to each out. */
import type { Socket } from 'node:net';

import type { ControlAnswer, ControlHello, ControlRequest } from '../model/control.ts';
import { whyOf, type ProblemCode } from '../model/problem.ts';
import { createLines } from './lines.ts';
import { MAX_ANSWER_BYTES, MAX_REQUEST_BYTES, readRequest } from './protocol.ts';
import type { Operations, Reply } from './server.ts';

export interface ConnectionParts {
  readonly hello: ControlHello;
  readonly operations: Operations;
  /** It is one too many: it is told so. */
  readonly isFull: boolean;
  setTimer(callback: () => void, ms: number): () => void;
  /** It exports what it reads. */
  onWatch(): void;
}

/** Further ones wait in the pipe. */
const MAX_OPEN_REQUESTS = 8;
/** As long as more is unread, nothing is answered: whoever does not read costs one answer. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** Whoever says nothing takes the place of somebody who would. */
const SECONDS_TO_HELLO = 5;
const LAST_WORD_MS = 1000;

export function serveConnection(socket: Socket, parts: ConnectionParts): void {
  const lines = createLines(MAX_REQUEST_BYTES);
  let open = 0;
  let isGreeted = false;
  let isCutOff = false;

  function send(answer: ControlAnswer): void {
    if (socket.destroyed) return;
    const text = `${JSON.stringify(answer)}\n`;
    if (Buffer.byteLength(text) <= MAX_ANSWER_BYTES) socket.write(text);
    else refuse(answer.id, 'PLM_CONTROL_REFUSED', `the answer would be longer than ${MAX_ANSWER_BYTES} bytes`);
  }

  function refuse(id: number, code: ProblemCode, message: string): void {
    send({ id, ok: false, code, message });
  }

  /** What makes no sense now will make none later. */
  function cutOff(id: number, code: ProblemCode, message: string): void {
    isCutOff = true;
    refuse(id, code, message);
    socket.destroySoon();
    socket.once(
      'close',
      parts.setTimer(() => socket.destroy(), LAST_WORD_MS),
    ); // it may not read
  }

  function take(line: string): void {
    const request = readRequest(line);
    if ('code' in request) {
      if (request.id === 0) cutOff(0, request.code, request.message);
      else refuse(request.id, request.code, request.message);
    } else if (request.op === 'hello') {
      isGreeted = true;
      if (request.watch) parts.onWatch();
      send({ id: request.id, ok: true, result: parts.hello });
    } else if (isGreeted) {
      carryOut(request);
    } else cutOff(request.id, 'PLM_CONTROL_INVALID', 'the first request must be hello');
  }

  /** What is known at once is said at once: the next request sees whether it was taken. */
  function carryOut(request: Exclude<ControlRequest, { op: 'hello' }>): void {
    const { id, op } = request;
    const reply = (outcome: Reply<unknown>): void => {
      if ('done' in outcome) send({ id, ok: true, result: outcome.done });
      else refuse(id, 'PLM_CONTROL_REFUSED', outcome.refused);
    };
    const fail = (error: unknown): void => refuse(id, 'PLM_CONTROL_REFUSED', `${op} failed: ${whyOf(error)}`);
    try {
      const operation = parts.operations[op] as (asks: object) => Reply<unknown> | Promise<Reply<unknown>>;
      const outcome = operation(request);
      if (!('then' in outcome)) {
        reply(outcome);
        return;
      }
      open += 1;
      void outcome.then(reply, fail).finally(() => {
        open -= 1;
        read();
      });
    } catch (error) {
      fail(error);
    }
  }

  function hasRoom(): boolean {
    return !isCutOff && open < MAX_OPEN_REQUESTS && socket.writableLength < MAX_UNREAD_BYTES;
  }

  function read(): void {
    while (hasRoom() && !socket.destroyed) {
      const line = lines.next();
      if (line === undefined) break;
      take(line);
    }
    if (lines.isBroken() && !isCutOff) {
      cutOff(0, 'PLM_CONTROL_INVALID', `a request is text of at most ${MAX_REQUEST_BYTES} bytes`);
    } else if (hasRoom()) socket.resume();
    else socket.pause();
  }

  socket.unref();
  socket.on('error', () => {}); // 'close' follows
  socket.once('end', () => socket.destroySoon());
  if (parts.isFull) {
    cutOff(0, 'PLM_CONTROL_BUSY', 'as many are connected to this process as it takes');
    return;
  }
  socket.on('drain', read);
  socket.on('data', (bytes: Buffer) => {
    if (!isCutOff) lines.push(bytes);
    read();
  });
  expectHello(socket, () => isGreeted, parts.setTimer);
}

/** Ticks, not one timer: a loop that was blocked for long catches up with one tick, and the hello that waited is heard. */
function expectHello(socket: Socket, isGreeted: () => boolean, setTimer: ConnectionParts['setTimer']): void {
  let secondsLeft = SECONDS_TO_HELLO;
  const tick = (): void => {
    if (isGreeted()) return;
    secondsLeft -= 1;
    if (secondsLeft <= 0) socket.destroy();
    else cancel = setTimer(tick, 1000);
  };
  let cancel = setTimer(tick, 1000);
  socket.once('close', () => cancel());
}
