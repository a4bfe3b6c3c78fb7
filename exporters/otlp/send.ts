import { readFileSync } from 'node:fs';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';

import type { ExporterClock } from '../../agent/model/exporter.ts';
import type { OtlpTarget } from '../../agent/model/otlp.ts';
import { releaseWhenAlone } from './alone.ts';
import { createLookup } from './lookup.ts';
import { untraced } from './untraced.ts';

/**
 * One POST to one place. All of it is bounded: the time from the name's resolution to the end of the answer, and the answer itself. It keeps
 * neither a connection between two requests nor, while one is under way, the process alive.
 */
export interface Sender {
  send(body: Uint8Array, contentType: string, how?: How): Promise<Reply>;
  /** Cuts what is under way. */
  close(): void;
}

export interface How {
  readonly timeoutMs?: number;
  /** The process waits for it. */
  readonly holdsProcess?: boolean;
}

export type Reply =
  | { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer }
  | {
      readonly status: undefined;
      readonly why: string;
      /** Given up for the application's sake: see alone.ts. */
      readonly isReleased: boolean;
    };

/** An answer says whether something was refused, in a line or two. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function createSender(target: OtlpTarget, clock: ExporterClock, userAgent: string): Sender {
  const { url } = target;
  let agent: Agent | undefined;
  let cut: ((why: string) => void) | undefined;

  /** Files of certificates are read again after a failure: they may have been renewed. */
  function connectionAgent(): Agent {
    if (url.protocol !== 'https:') return new (process.getBuiltinModule('node:http').Agent)({ keepAlive: false });
    return new (process.getBuiltinModule('node:https').Agent)({
      keepAlive: false,
      ...pem('ca', target.certificatePath),
      ...pem('cert', target.clientCertificatePath),
      ...pem('key', target.clientKeyPath),
    });
  }

  function open(body: Uint8Array, contentType: string, lookup: RequestOptions['lookup']): ClientRequest {
    agent ??= connectionAgent();
    const { ClientRequest: Request } = process.getBuiltinModule('node:http');
    const zipped = target.compression === 'gzip';
    const bytes = zipped ? process.getBuiltinModule('node:zlib').gzipSync(body, { level: 1 }) : body;
    const options: RequestOptions = {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      agent,
      lookup,
      ...credentials(url),
      headers: {
        'user-agent': userAgent,
        ...target.headers,
        'content-type': contentType,
        'content-length': bytes.length,
        ...(zipped ? { 'content-encoding': 'gzip' } : {}),
      },
    };
    // not `http.request`, which instrumentations wrap
    const request = new Request(options);
    request.end(bytes);
    return request;
  }

  return {
    send: (body, contentType, { timeoutMs = target.timeoutMs, holdsProcess = false } = {}) =>
      new Promise((resolve) => {
        const lookup = createLookup();
        let request: ClientRequest | undefined;
        let settled = false;
        let stopWatching: (() => void) | undefined;
        const cancelTimeout = clock.setTimer(() => cut?.(`no answer within ${timeoutMs} ms`), timeoutMs);

        function settle(reply: Reply): void {
          if (settled) return;
          settled = true;
          cut = undefined;
          cancelTimeout();
          stopWatching?.();
          lookup.cancel();
          request?.destroy();
          if (reply.status === undefined) agent = undefined;
          resolve(reply);
        }
        const fail = (why: string, isReleased = false): void => settle({ status: undefined, why, isReleased });
        cut = fail;
        try {
          untraced(() => {
            request = open(body, contentType, lookup.lookup);
            request.on('error', (error) => fail(reasonOf(error)));
            request.on('close', () => fail('the connection was closed without an answer'));
            request.on('response', (response) => read(response, settle, fail));
            if (holdsProcess) return;
            request.on('socket', (socket: Socket) => socket.unref());
            stopWatching = releaseWhenAlone(request, clock, () =>
              fail('no connection while the process had nothing else to do', true),
            );
          });
        } catch (error) {
          fail(reasonOf(error));
        }
      }),
    close: () => cut?.('the exporter was closed'),
  };
}

function read(response: IncomingMessage, settle: (reply: Reply) => void, fail: (why: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) return fail(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  });
  response.on('error', (error) => fail(reasonOf(error)));
  response.on('end', () =>
    settle({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
  );
}

function pem(name: 'ca' | 'cert' | 'key', path: string | undefined): Record<string, Buffer> {
  return path === undefined ? {} : { [name]: readFileSync(path) };
}

function credentials({ username, password }: URL): Pick<RequestOptions, 'auth'> {
  if (username === '' && password === '') return {};
  return { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
}

/** `ECONNREFUSED`; of several addresses that were tried, the first. */
function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (!(first instanceof Error)) return String(first);
  const { code } = first as NodeJS.ErrnoException;
  return code === undefined || first.message.includes(code) ? first.message : `${code}: ${first.message}`;
}
