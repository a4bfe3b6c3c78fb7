/** Asks the agent of another process through its socket. */
import type { Socket } from 'node:net';

import type { ControlHello, ControlOperation, ControlOperations } from '../model/control.ts';
import type { ProblemCode } from '../model/problem.ts';
import { readNote } from '../model/read-note.ts';
import { createLines } from './lines.ts';
import { withReachable } from './path.ts';
import { isAnswerTo, MAX_ANSWER_BYTES, readAnswer } from './protocol.ts';

export interface ControlClient {
  readonly hello: ControlHello;
  /** Rejects with a `ControlError`: it refused, does not answer in time, or the connection ended. */
  ask<K extends ControlOperation>(
    op: K,
    asks: ControlOperations[K]['asks'],
    timeoutMs?: number,
  ): Promise<ControlOperations[K]['answers']>;
  /** Resolves when the connection has ended, by either side: the agent stopped, or its process died. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface ConnectOptions {
  /** Whoever connects exports what it reads: the agent does not. */
  readonly watch: boolean;
  /** Until it has said hello, and of each later question. @default 5000 */
  readonly timeoutMs?: number;
}

/** `code` is the agent's own, or `PLM_CONTROL_FAILED`; then `errno` says why it cannot be reached, where the system said so. */
export class ControlError extends Error {
  readonly code: string;
  readonly errno: string | undefined;

  constructor(code: string, message: string, errno?: string) {
    super(message);
    this.code = code;
    this.errno = errno;
  }
}

const TIMEOUT_MS = 5000;

/** `path`: by `socketPathOf`. Rejects with a `ControlError`. */
export async function connectControl(path: string, { watch, timeoutMs }: ConnectOptions): Promise<ControlClient> {
  const connection = await connect(path);
  try {
    const hello = await connection.ask('hello', { watch }, timeoutMs);
    return {
      hello,
      ended: connection.ended,
      close: connection.close,
      ask: (op, asks, ms = timeoutMs) => connection.ask(op, asks, ms),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function failed(message: string, errno?: string): ControlError {
  return new ControlError('PLM_CONTROL_FAILED' satisfies ProblemCode, message, errno);
}

async function connect(path: string): Promise<Omit<ControlClient, 'hello'>> {
  const { Socket: Connection } = process.getBuiltinModule('node:net');
  const socket = new Connection();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve();
      });
      withReachable(path, process.platform, (reachable) => socket.connect(reachable));
    });
  } catch (error) {
    socket.destroy();
    const { code, message } = error as NodeJS.ErrnoException;
    throw failed(`${path} cannot be connected to (${message})`, code);
  }
  return conversation(socket, path);
}

/** A note is what its writer made of it. */
function believed(result: unknown): unknown {
  const { note } = { note: undefined, ...(result as object | undefined) };
  return note === undefined ? result : { ...(result as object), note: readNote(note) };
}

interface Question {
  readonly op: ControlOperation;
  settle(answer: unknown): void;
  fail(error: ControlError): void;
}

function conversation(socket: Socket, path: string): Omit<ControlClient, 'hello'> {
  const open = new Map<number, Question>();
  const lines = createLines(MAX_ANSWER_BYTES);
  let lastId = 0;
  let refusal: ControlError | undefined;

  function hear(line: string): void {
    const answer = readAnswer(line);
    const question = answer === undefined ? undefined : open.get(answer.id);
    if (answer === undefined) return end(failed(`${path} answered what is no answer`));
    if (question === undefined) {
      // 0: to no question, the agent takes none of this connection
      if (!answer.ok && answer.id === 0) end(new ControlError(answer.code, answer.message));
      return undefined;
    }
    open.delete(answer.id);
    if (!answer.ok) question.fail(new ControlError(answer.code, answer.message));
    else if (isAnswerTo(question.op, answer.result)) question.settle(believed(answer.result));
    else question.fail(failed(`${path} answered ${question.op} in a way that this version does not understand`));
    return undefined;
  }

  function end(why: ControlError): void {
    refusal ??= why;
    socket.destroy();
  }

  socket.on('data', (bytes: Buffer) => {
    lines.push(bytes);
    for (let line = lines.next(); line !== undefined; line = lines.next()) hear(line);
    if (lines.isBroken()) end(failed(`${path} answered more than ${MAX_ANSWER_BYTES} bytes`));
  });
  socket.on('error', () => {}); // 'close' follows
  socket.once('end', () => socket.destroy());
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const question of open.values()) {
        question.fail(refusal ?? failed(`${path}: the connection ended before the answer`, 'ECONNRESET'));
      }
      open.clear();
      resolve();
    });
  });

  return {
    ended,
    close: () => socket.destroy(),
    async ask(op, asks, timeoutMs = TIMEOUT_MS) {
      if (socket.destroyed) throw refusal ?? failed(`${path}: the connection has ended`, 'ECONNRESET');
      lastId += 1;
      const id = lastId;
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          open.delete(id);
          reject(
            failed(`${path} did not answer within ${timeoutMs} ms: its event loop is busy or blocked`, 'ETIMEDOUT'),
          );
        }, timeoutMs);
        open.set(id, {
          op,
          settle(answer) {
            clearTimeout(timer);
            resolve(answer as ControlOperations[typeof op]['answers']);
          },
          fail(error) {
            clearTimeout(timer);
            reject(error);
          },
        });
        socket.write(`${JSON.stringify({ id, op, ...asks })}\n`);
      });
    },
  };
}
