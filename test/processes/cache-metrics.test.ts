/** The caches of a service, told by one scrape: what each process holds, and what it gave back. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { scrapeUntil, type Scrape } from '../helpers/endpoint.ts';
import { freePort } from '../helpers/prometheus.ts';
import { plimsoll, temporaryFolder } from '../helpers/run-cli.ts';
import { startNode } from '../helpers/run-node.ts';

const APP = join(import.meta.dirname, '../fixtures/apps/processes/caches.cjs');
const OLD = join(import.meta.dirname, '../fixtures/apps/otlp/old.cjs');

interface Cache {
  readonly name: string;
  readonly entries: number;
  readonly pressureEvictions: number;
}

test('caches of the hub and of its sibling are told by name, with what they gave back', async (t) => {
  const port = await freePort();
  const folder = temporaryFolder(t);
  const env = {
    PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
    PLIMSOLL_METRICS: 'full',
    PLIMSOLL_PROCESS_BUDGET: '50MiB',
    PLIMSOLL_DATA_DIR: folder,
    NODE_OPTIONS: `-r ${OLD}`,
  };
  const service = startNode({ args: [APP], env });
  t.after(() => service.child.kill('SIGKILL'));
  const evicted = (found: Scrape, process: string): number =>
    found.samples.find(
      ({ name, labels }) =>
        name === 'plimsoll_cache_evictions_total' &&
        labels['plimsoll_process'] === process &&
        labels['plimsoll_eviction_reason'] === 'pressure',
    )?.value ?? 0;
  const found = await scrapeUntil(port, (now) => evicted(now, 'main') > 0 && evicted(now, 'worker-1') > 0);
  for (const [process, cache] of [
    ['main', 'pages'],
    ['worker-1', 'thumbnails'],
  ] as const) {
    const entries = found.valueOf('plimsoll_cache_entries', process) ?? Number.NaN;
    assert.equal(entries, 4000 - evicted(found, process), process);
    assert.equal(found.valueOf('plimsoll_cache_size_bytes', process), entries * 4096);
    const named = found.samples.find(
      ({ name, labels }) => name === 'plimsoll_cache_entries' && labels['plimsoll_process'] === process,
    );
    assert.deepEqual([named?.labels['plimsoll_cache_name'], named?.labels['plimsoll_cache_library']], [cache, 'Map']);
    assert.ok((found.valueOf('plimsoll_reclaim_promised_bytes_total', process) ?? 0) > 0, process);
  }
  assert.equal(new Set(found.keys).size, found.keys.length);

  const { stdout } = await plimsoll(['status', '--json', '--url', `http://127.0.0.1:${port}`]);
  const { processes } = JSON.parse(stdout) as { processes: { cache: { caches: Cache[] } }[] };
  const caches = processes.flatMap(({ cache }) => cache.caches);
  assert.deepEqual(caches.map(({ name }) => name).toSorted(), ['pages', 'thumbnails']);
  assert.ok(caches.every(({ entries, pressureEvictions }) => entries + pressureEvictions === 4000));

  service.child.stdin.end();
  await service.ended;
  const reports = readdirSync(join(folder, 'captures')).map((name) => {
    const text = readFileSync(join(folder, 'captures', name), 'utf8');
    return (JSON.parse(text) as { caches: { name: string }[] }).caches.map(({ name: cache }) => cache).join();
  });
  assert.deepEqual(reports.toSorted(), ['pages', 'thumbnails']);
});
