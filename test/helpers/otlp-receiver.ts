/**
 * An OTLP receiver for tests: takes what real exporters post over HTTP and keeps it as data. JSON is parsed; of protobuf only the bytes are
 * kept, since a real receiver (test/processes/otlp-receivers.test.ts) is the better judge of those.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface OtlpRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** Of a JSON body. */
  readonly json: unknown;
}

export interface OtlpReceiver {
  /** `http://127.0.0.1:<port>`; with a certificate `https`. */
  readonly url: string;
  readonly requests: readonly OtlpRequest[];
  /** Resolves with the first request, past or to come, that `matches`. */
  until(matches: (request: OtlpRequest) => boolean): Promise<OtlpRequest>;
  close(): Promise<void>;
}

export interface OtlpReceiverOptions {
  /** Where it listens; `[::1]` too. */
  readonly host?: string;
  readonly tls?: ServerOptions;
  /** Of the answer to the n-th request, counted from 1. */
  status?(n: number): number;
}

export async function startOtlpReceiver(options: OtlpReceiverOptions = {}): Promise<OtlpReceiver> {
  const { host = '127.0.0.1', tls, status = () => 200 } = options;
  const requests: OtlpRequest[] = [];
  let watchers: ((request: OtlpRequest) => void)[] = [];
  const onRequest: RequestListener = (request, response) => {
    void read(request).then((received) => {
      requests.push(received);
      for (const watch of watchers) watch(received);
      const json = received.json !== undefined;
      response.writeHead(status(requests.length), {
        'Content-Type': json ? 'application/json' : 'application/x-protobuf',
      });
      return response.end(json ? '{}' : '');
    });
  };
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host.replaceAll(/[[\]]/g, ''), resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    requests,
    until: (matches) =>
      new Promise((resolve) => {
        const earlier = requests.find(matches);
        if (earlier !== undefined) return resolve(earlier);
        const watch = (request: OtlpRequest): void => {
          if (!matches(request)) return;
          watchers = watchers.filter((other) => other !== watch);
          resolve(request);
        };
        watchers.push(watch);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<OtlpRequest> {
  const raw = await buffer(request);
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const isJson = request.headers['content-type']?.startsWith('application/json') === true;
  return {
    path: request.url ?? '',
    headers: request.headers,
    bytes,
    json: isJson ? JSON.parse(String(bytes)) : undefined,
  };
}
