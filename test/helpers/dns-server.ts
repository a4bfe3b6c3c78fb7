/** A DNS server for tests: it knows the names it is given and says that no other exists; or it answers nothing at all. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsServer {
  /** `host:port` */
  readonly address: string;
  /** What was asked, in order: `A name`, `AAAA name`. */
  readonly questions: readonly string[];
  close(): void;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' };
const HEADER_BYTES = 12;
const NO_SUCH_NAME = 3;

/** `names`: IPv4 addresses by name; undefined: it stays silent. `port` 0: a free one. */
export async function startDnsServer(
  names: Readonly<Record<string, string>> | undefined,
  host = '127.0.0.1',
  port = 0,
): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4', (query, from) => {
    const { name, type, end } = questionOf(query);
    questions.push(`${TYPES[type] ?? type} ${name}`);
    if (names !== undefined) socket.send(answerTo(query.subarray(0, end), type, names[name]), from.port, from.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return { address: `${host}:${socket.address().port}`, questions, close: () => socket.close() };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** RFC 1035, section 4.1. */
function answerTo(query: Buffer, type: number, address: string | undefined): Buffer {
  const isAnswered = address !== undefined && type === 1;
  const head = Buffer.from(query);
  head.writeUInt16BE(0x8180 | (address === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(isAnswered ? 1 : 0, 6);
  head.fill(0, 8, HEADER_BYTES);
  if (!isAnswered) return head;
  // a pointer to the question's name, A, IN, 60 s, 4 bytes
  const record = [0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)];
  return Buffer.concat([head, Buffer.from(record)]);
}
