/** The endpoint's text is read back into the columns it was made from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { processJson } from '../../../agent/cli/process-view.ts';
import { parsePrometheusText } from '../../../agent/cli/prometheus-text.ts';
import { urlOf, viewsOf } from '../../../agent/cli/scrape.ts';
import { statusText } from '../../../agent/cli/status-text.ts';
import type { Tier } from '../../../agent/model/metric.ts';
import { METRICS } from '../../../agent/model/metrics.ts';
import { COL, type ColumnName } from '../../../agent/model/row.ts';
import { NOTHING_GIVEN_BACK, type Snapshot } from '../../../agent/model/snapshot.ts';
import { createPrometheusText } from '../../../exporters/prometheus.ts';
import { ordinarySnapshot, worstCaseSnapshot } from '../../helpers/snapshot.ts';

/** Columns that have a series of their own in `full`, not summed with others. */
const EXPORTED: readonly ColumnName[] = METRICS.flatMap((metric) =>
  'points' in metric
    ? metric.points
        .filter(({ tier, when }) => tier !== 'core-only' && when(worstCaseSnapshot().row))
        .flatMap(({ columns }) => (columns.length === 1 ? columns : []))
    : [],
);

test('every column that is exported alone comes back from the full text', () => {
  const snapshot = worstCaseSnapshot();
  const [view] = viewsOf(createPrometheusText('full')(snapshot), 'x');
  assert.ok(view !== undefined && EXPORTED.length > 50);
  for (const column of EXPORTED) assert.equal(view.row[COL[column]], snapshot.row[COL[column]], column);
});

test('the core text is enough for all that status shows', () => {
  const snapshot = ordinarySnapshot();
  const views = viewsOf(createPrometheusText('core')(snapshot), 'http://h:1/metrics');
  assert.equal(views.length, 1);
  const [view] = views;
  assert.ok(view !== undefined);
  const { memory, detailed, ...identity } = processJson(view, 1_795_342_501_250);
  assert.deepEqual(identity, {
    serviceName: 'shop',
    serviceInstanceId: '20261122T101500Z-a1b2c3d4',
    process: 'main',
    pid: null,
    agentVersion: '0.1.0',
    nodeVersion: '24.21.0',
    mode: 'protect',
    from: 'http://h:1/metrics',
    ageSeconds: 1,
    cache: {
      bytes: 2 ** 20,
      hits: 50,
      misses: 10,
      hitRatio: 50 / 60,
      pressureEvictions: 5,
      promisedBytes: 3 * 2 ** 20,
      freedBytes: 2 * 2 ** 20,
      shedRequests: 4,
      caches: [],
    },
  });
  assert.deepEqual(memory, {
    level: 'elevated',
    levelSince: null, // not exported
    drill: null,
    pressureRatio: 0.71875,
    bindingConstraint: 'heap',
    headroomBytes: 72 * 2 ** 20,
    timeToLimitSeconds: 72,
    rssBytes: 300 * 2 ** 20,
    heapUsedBytes: 184 * 2 ** 20,
    heapLimitBytes: 256 * 2 ** 20,
    containerUsedBytes: 320 * 2 ** 20,
    containerLimitBytes: 512 * 2 ** 20,
  });
  assert.deepEqual(
    detailed.constraints.map(({ constraint }) => constraint),
    ['heap', 'container', 'host'],
  );
  assert.deepEqual(detailed.degraded, ['cgroup_unsupported']);
});

test('the full text names the largest caches, and both texts have the same sums', () => {
  const snapshot = worstCaseSnapshot();
  const [core, full] = (['core', 'full'] as const).map((tier) => {
    const [view] = viewsOf(createPrometheusText(tier)(snapshot), 'x');
    return view === undefined ? undefined : processJson(view, 0).cache;
  });
  assert.deepEqual({ ...full, caches: [] }, core);
  assert.deepEqual(
    full?.caches.map(({ name }) => name),
    ['cache-0', 'cache-1', 'cache-2'],
  );
  assert.deepEqual(full?.caches[0], {
    name: 'cache-0',
    library: 'lru-cache',
    sizeSource: 'sampled',
    entries: 100,
    limitEntries: 1000,
    bytes: 2 ** 20,
    hits: 50,
    misses: 10,
    hitRatio: 50 / 60,
    pressureEvictions: 5,
  });
});

test('status --verbose shows caches and what was given back, or where to ask for them', () => {
  const text = (tier: Tier, snapshot: Snapshot): string => {
    return statusText(viewsOf(createPrometheusText(tier)(snapshot), 'x'), 0, true);
  };
  assert.match(
    text('full', ordinarySnapshot()),
    / {2}caches {4}1 MiB, 83\.3 % hits, 5 evicted under pressure\n {4}thumbnails {2}lru-cache {2}100 entries of 1000, 1 MiB, 83\.3 % hits, 5 evicted under pressure \(sampled\)\n {2}reclaim {3}3 MiB promised, 2 MiB freed\n {2}shed {6}4 requests\n/,
  );
  assert.match(text('core', ordinarySnapshot()), /caches {4}1 MiB, .* \(names with PLIMSOLL_METRICS=full\)\n/);
  assert.match(text('core', { ...ordinarySnapshot(), ...NOTHING_GIVEN_BACK }), /caches {4}none\n/);
  const views = viewsOf(createPrometheusText('core')(ordinarySnapshot()), 'x');
  const recorded = views.map((view) => ({ ...view, caches: undefined }));
  assert.match(
    statusText(recorded, 0, true),
    /caches {4}not in ring files of that agent; --url asks the metrics endpoint\n/,
  );
});

test('metrics of another program are no process of ours', () => {
  assert.deepEqual(viewsOf('# HELP up 1\nup 1\nprocess_resident_memory_bytes 5\n', 'x'), []);
  assert.deepEqual(viewsOf('<html>no</html>', 'x'), []);
});

test('labels with quotes, commas, braces and line ends are read as they were written', () => {
  const [sample] = parsePrometheusText(String.raw`a_b{x="1,\"2\"}",y="\\n\n"} +Inf`);
  assert.deepEqual(sample, { name: 'a_b', labels: { x: '1,"2"}', y: '\\n\n' }, value: Infinity });
});

test('a listener on every address is asked at loopback', () => {
  assert.equal(urlOf({ host: '::', port: 1 }, '/metrics').href, 'http://[::1]:1/metrics');
  assert.equal(urlOf({ host: '0.0.0.0', port: 1 }, '/healthz').href, 'http://127.0.0.1:1/healthz');
  assert.equal(urlOf({ host: 'localhost', port: 80 }, '/').href, 'http://localhost/');
});
