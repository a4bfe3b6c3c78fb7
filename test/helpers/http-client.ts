/** A client for tests that shows what really went over the wire: no redirects, no decompression, no keep-alive. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function ask({ port, path, method = 'GET', host = '127.0.0.1', headers = {}, body }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, path, method, host, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export interface RawConnection {
  readonly socket: Socket;
  /** Everything that came, once the other side closed or cut the connection. */
  readonly closed: Promise<string>;
}

/** Connects, writes bytes as they are, and reads nothing further when `paused`. */
export function rawConnection(port: number, bytes: string, paused = false): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const closed = new Promise<string>((done) => {
      socket.once('close', () => done(text));
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.on('error', () => {}); // a cut is what tests wait for; 'close' follows
      socket.write(bytes);
      resolve({ socket, closed });
    });
    if (paused) socket.pause();
    else socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  });
}
