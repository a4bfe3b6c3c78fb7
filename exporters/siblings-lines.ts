import type { Socket } from 'node:net';

import type { Message } from '../agent/model/message.ts';
import { MAX_MESSAGE_BYTES, messageOf } from './siblings-protocol.ts';

/**
 * Reads messages from a connection between two processes of a service. The connection never keeps a process; what is no message, or is
 * too long, ends it. `onEnd` is called once, whatever happens.
 */
export function readMessages(socket: Socket, onMessage: (message: Message) => void, onEnd: () => void): MessageReader {
  let pending = '';

  function push(text: string): void {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (socket.destroyed) return;
      handle(messageOf(line));
    }
    if (pending.length > MAX_MESSAGE_BYTES) socket.destroy();
  }

  function handle(message: Message | undefined): void {
    try {
      if (message !== undefined) return onMessage(message);
    } catch {
      // as for what is no message
    }
    socket.destroy();
  }

  socket.unref();
  socket.setNoDelay(true);
  socket.on('error', () => {}); // 'close' follows
  socket.once('end', () => socket.destroy()); // the server's sockets stay half open else
  socket.once('close', onEnd);
  return { push };
}

export interface MessageReader {
  /** What came; a message may come in parts. */
  push(text: string): void;
}

/** Not by `setEncoding`, which the sockets of an HTTP server refuse. */
export function onText(socket: Socket, handle: (text: string) => void): void {
  const decoder = new TextDecoder();
  socket.on('data', (bytes: Buffer) => handle(decoder.decode(bytes, { stream: true })));
}
