/**
 * The collector of the benchmark, in a process of its own, so that what it takes falls on nobody: answers every POST, and tells its
 * parent what came for each name. Run by receiver.ts.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import type { Received } from './receiver.ts';

const NOTHING: Received = { requests: 0, bytes: 0, ofOurs: 0 };
const received = new Map<string, Received>();

const server = createServer((request, response) => {
  const name = request.url?.split('/')[1] ?? '';
  void buffer(request).then((body) => {
    const { requests, bytes, ofOurs } = received.get(name) ?? NOTHING;
    received.set(name, {
      requests: requests + 1,
      bytes: bytes + body.length,
      ofOurs: ofOurs + (body.includes('plimsoll.pressure') ? 1 : 0),
    });
    return response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (name: string) => process.send?.(received.get(name) ?? NOTHING));
process.on('disconnect', () => process.exit());
