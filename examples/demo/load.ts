/** A client of the service: half of its requests are for files it has never asked for, the others for ones of the last minute. */
import { globSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../..');
const FILES = globSync('node_modules/**/*.{md,js,mjs,cjs,json,ts}', { cwd: REPOSITORY })
  .filter((file) => !file.includes('/typescript/'))
  .map((file) => join(REPOSITORY, file))
  .slice(0, 4_000);
const CLIENTS = 8;
/** A query makes each round of the files new to the service. */
const RECENT = 400;

export interface Load {
  readonly answered: () => number;
  readonly fromCache: () => number;
  stop(): void;
}

export function startLoad(port: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const counts = { answered: 0, fromCache: 0, next: 0 };
  const state = { stopping: false };

  function nextPath(): string {
    const isNew = counts.next < RECENT || Math.random() < 0.5;
    const index = isNew ? counts.next++ : counts.next - 1 - Math.floor(Math.random() * RECENT);
    const file = `${FILES[index % FILES.length]}?round=${Math.floor(index / FILES.length)}`;
    return `/metadata?file=${encodeURIComponent(file)}`;
  }

  async function client(): Promise<void> {
    while (!state.stopping) {
      const cache = await get(port, nextPath(), agent).catch(() => undefined);
      if (cache === undefined) return; // the service has ended
      counts.answered += 1;
      if (cache === 'hit') counts.fromCache += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  }

  for (let index = 0; index < CLIENTS; index++) void client();
  return {
    answered: () => counts.answered,
    fromCache: () => counts.fromCache,
    stop() {
      state.stopping = true;
      agent.destroy();
    },
  };
}

/** Answers the header `x-cache`. */
function get(port: number, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume().on('error', reject);
      response.on('end', () => resolve(String(response.headers['x-cache'])));
    })
      .on('error', reject)
      .end();
  });
}
