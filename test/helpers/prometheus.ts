/** A real Prometheus that scrapes one port of this machine. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ask } from './http-client.ts';

/** The kernel may give a port again as soon as it is closed. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (given.has(port)) return await freePort();
  given.add(port);
  return port;
}

const PROMETHEUS = ['/usr/bin/prometheus', '/usr/local/bin/prometheus'].find((path) => existsSync(path));

/** The reason of a skip, or false. */
export const NO_PROMETHEUS = PROMETHEUS === undefined && 'prometheus is not installed (Debian: prometheus)';

export interface Prometheus {
  query(promql: string): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]>;
  get(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Resolves when it has scraped `target`, a port of this machine, once; it goes on each second. */
export async function startPrometheus(target: number): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-prometheus-'));
  const config = `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: plimsoll
    static_configs: [{ targets: ['127.0.0.1:${target}'] }]
`;
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const port = await freePort();
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(PROMETHEUS ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });

  async function get(path: string): Promise<unknown> {
    const { body } = await ask({ port, path });
    const { data } = JSON.parse(body.toString()) as { data: unknown };
    return data;
  }
  async function query(promql: string): ReturnType<Prometheus['query']> {
    const data = (await get(`/api/v1/query?query=${encodeURIComponent(promql)}`)) as {
      result: Awaited<ReturnType<Prometheus['query']>>;
    };
    return data.result;
  }
  // Prometheus tells nobody when it has scraped: ask until it has
  for (let attempts = 0; attempts < 150; attempts++) {
    const up = await query('up{job="plimsoll"}').catch(() => []);
    if (up[0]?.value[1] === '1') break;
    assert.ok(attempts < 149 && child.exitCode === null, `Prometheus never scraped\n${log}`);
    await delay(100);
  }
  return {
    query,
    get,
    async stop() {
      child.kill('SIGKILL');
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
