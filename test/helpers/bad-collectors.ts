/** Collectors that are no good, each in its own way: what an exporter meets in the wild. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface BadCollector {
  readonly url: string;
  /** How many requests, or connections where it reads none, have come. */
  count(): number;
  close(): Promise<void>;
}

export type BadKind = keyof typeof KINDS;

/** Its bytes are random, and so is its status: none of these is OTLP. */
const KINDS = {
  refuses: refusing,
  'takes no connection': blackHole,
  'takes the connection and says nothing': () => raw(() => undefined),
  'cuts the connection': () => raw((socket) => socket.destroy()),
  'answers no HTTP': () => raw((socket) => socket.end('220 mail.example ESMTP\r\n')),
  'answers a byte at a time': () => raw(trickle),
  'answers headers without end': () => raw(endlessHeaders),
  'answers 200 and never ends': () => http((_, response) => response.writeHead(200).write('x')),
  'answers 200 with an endless body': () => http((_, response) => pour(() => response.write(Buffer.alloc(65_536)))),
  'answers 200 with garbage': () =>
    http((_, response) => response.end(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x0f, 0x80]))),
  'answers a web page': () =>
    http((_, response) => response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<html>Sign in')),
  'answers 400': () => status(400),
  'answers 404': () => status(404),
  'answers 413 before it has read': () => http((_, response) => response.writeHead(413).end(), false),
  'answers 503, come back in an hour': () => status(503, { 'Retry-After': '3600' }),
  'answers 302 to itself': () => http((request, response) => response.writeHead(302, { Location: request.url }).end()),
  'switches protocols': () =>
    raw((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n')),
} satisfies Record<string, () => Promise<BadCollector>>;

export const BAD_KINDS = Object.keys(KINDS) as readonly BadKind[];

export async function startBadCollector(kind: BadKind): Promise<BadCollector> {
  return await KINDS[kind]();
}

async function refusing(): Promise<BadCollector> {
  const server = createServer();
  const { url, close } = await listening(server, new Set());
  await close();
  return { url, count: () => 0, close: async () => undefined };
}

/** A listener whose queue is full and who never accepts: the kernel drops what asks to connect. */
async function blackHole(): Promise<BadCollector> {
  const program = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    require('node:fs').writeSync(1, String(this.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(String(data));
  const queued: Socket[] = [];
  for (let i = 0; i < 4; i++) queued.push(connect(port, '127.0.0.1').on('error', () => {}));
  await once(queued[0] ?? child, 'connect');
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => 0,
    async close() {
      for (const socket of queued) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

async function raw(answer: (socket: Socket) => void): Promise<BadCollector> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      count += 1;
      answer(socket);
    });
  });
  return { ...(await listening(server, sockets)), count: () => count };
}

/** `reads`: the answer waits until the request is there as a whole. */
async function http(answer: RequestListener, reads = true): Promise<BadCollector> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createHttpServer((request, response) => {
    count += 1;
    response.on('error', () => {});
    if (reads) request.resume().on('end', () => answer(request, response));
    else answer(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return { ...(await listening(server, sockets)), count: () => count };
}

function status(code: number, headers: Record<string, string> = {}): Promise<BadCollector> {
  return http((_, response) => response.writeHead(code, headers).end('no'));
}

async function listening(server: Server, sockets: ReadonlySet<Socket>): Promise<Omit<BadCollector, 'count'>> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Writes for as long as the other side reads. */
function pour(write: () => boolean): void {
  const timer = setInterval(() => {
    for (let i = 0; i < 16 && write(); i++);
  }, 1);
  setTimeout(() => clearInterval(timer), 20_000).unref();
  timer.unref();
}

function trickle(socket: Socket): void {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n`;
  let sent = 0;
  const timer = setInterval(() => socket.write(text[sent++] ?? 'x'), 50);
  socket.on('close', () => clearInterval(timer));
}

function endlessHeaders(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n');
  const timer = setInterval(() => socket.write(`x-${'a'.repeat(1000)}: 1\r\n`), 1);
  socket.on('close', () => clearInterval(timer));
}
