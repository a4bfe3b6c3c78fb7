/** A request over HTTP whose answer is in a registered cache. */
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';

import { LRUCache } from 'lru-cache';
import { registerCache } from 'plimsoll';

import { makeValue } from '../../survival/programs/values.mjs';
import { given, tell } from './told.mjs';

const cache = new LRUCache({ max: 100_000 });
registerCache(cache, { name: 'answers' });
for (let key = 0; key < 1_000; key++) cache.set(`/${key}`, makeValue('buffers', 2_000));
const server = createServer((asked, response) => response.end(cache.get(asked.url ?? '')));
await once(server.listen(0, '127.0.0.1'), 'listening');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const { port } = server.address();

/** @param {string} path */
async function get(path) {
  const startedMs = performance.now();
  const [response] = await once(request({ port, path, agent }).end(), 'response');
  await once(response.resume(), 'end');
  return performance.now() - startedMs;
}

const getMs = [];
for (let index = 0; index < given.requests; index++) getMs.push(await get(`/${index % 1_000}`));
tell({ requestMs: getMs.slice(getMs.length / 2) });
process.exit(0);
