import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { CONSTRAINTS } from '../../agent/model/constraint.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { parsePrometheus, seriesOf } from '../helpers/prometheus-text.ts';
import { NOTHING_GIVEN_BACK } from '../../agent/model/snapshot.ts';
import { IDENTITY, ordinarySnapshot, rowOf, worstCaseSnapshot } from '../helpers/snapshot.ts';

const GOLDEN = join(import.meta.dirname, '../fixtures/prometheus');
const core = createPrometheusText('core');
const full = createPrometheusText('full');

for (const [tier, text] of [
  ['core', core],
  ['full', full],
] as const) {
  test(`the text in ${tier} is exactly the one in test/fixtures/prometheus/${tier}.txt`, () => {
    assert.equal(text(ordinarySnapshot()), readFileSync(join(GOLDEN, `${tier}.txt`), 'utf8'));
  });
}

function namesWith(text: string, label: string, value: string): readonly string[] {
  return parsePrometheus(text)
    .filter(({ samples }) => samples.some(({ labels }) => labels[label] === value))
    .map(({ name }) => name);
}

const CONSTRAINT_NAMES = ['utilization_ratio', 'usage_bytes', 'limit_bytes', 'headroom_bytes'].map(
  (name) => `plimsoll_${name}`,
);

const GROWTH = 'plimsoll_growth_bytes_per_second';

test('every point carries the slot of its process, and nothing carries a pid', () => {
  for (const { name, samples } of parsePrometheus(full(worstCaseSnapshot()))) {
    if (name === 'target_info') continue;
    for (const { labels } of samples) assert.equal(labels['plimsoll_process'], 'main', name);
  }
  assert.doesNotMatch(full(worstCaseSnapshot()), new RegExp(`"${process.pid}"`));
});

test('a constraint without a limit has no series, whether the limit is unknown or infinite', () => {
  for (const nothing of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const columns = ['Usage', 'Limit', 'Headroom'].map((fact) => `container${fact}Bytes`);
    const changes = Object.fromEntries(
      [...columns, 'containerUtilizationRatio', 'containerGrowthBytesPerSecond'].map((c) => [c, nothing]),
    );
    assert.deepEqual(namesWith(full(ordinarySnapshot(changes)), 'plimsoll_constraint', 'container'), []);
  }
});

test('time to limit is absent for what does not grow', () => {
  const family = parsePrometheus(full(ordinarySnapshot())).find(
    ({ name }) => name === 'plimsoll_time_to_limit_seconds',
  );
  assert.deepEqual(
    family?.samples.map(({ labels }) => labels['plimsoll_constraint']),
    ['heap'],
  );
});

test('the host is told in bytes only while neither container nor budget has a limit', () => {
  assert.deepEqual(namesWith(core(ordinarySnapshot()), 'plimsoll_constraint', 'host'), ['plimsoll_utilization_ratio']);
  const unlimited = ordinarySnapshot({ containerLimitBytes: Number.NaN });
  assert.deepEqual(namesWith(core(unlimited), 'plimsoll_constraint', 'host'), CONSTRAINT_NAMES);
  const budgeted = ordinarySnapshot({ containerLimitBytes: Number.NaN, budgetLimitBytes: 2 ** 30 });
  assert.deepEqual(namesWith(core(budgeted), 'plimsoll_constraint', 'host'), ['plimsoll_utilization_ratio']);
  assert.deepEqual(namesWith(full(ordinarySnapshot()), 'plimsoll_constraint', 'host'), ['plimsoll_utilization_ratio']);
  assert.deepEqual(namesWith(full(unlimited), 'plimsoll_constraint', 'host'), [...CONSTRAINT_NAMES, GROWTH]);
});

test('only the binding constraint has a binding series, and none has while nothing limits', () => {
  for (const [index, constraint] of CONSTRAINTS.entries()) {
    const text = core(ordinarySnapshot({ bindingConstraint: index }));
    const family = parsePrometheus(text).find(({ name }) => name === 'plimsoll_pressure_binding');
    assert.deepEqual(family?.samples, [
      {
        name: 'plimsoll_pressure_binding',
        labels: { plimsoll_constraint: constraint, plimsoll_process: 'main' },
        value: 1,
      },
    ]);
  }
  assert.doesNotMatch(core(ordinarySnapshot({ bindingConstraint: -1 })), /plimsoll_pressure_binding/);
});

test('where full has parts, their sum in full is what core says', () => {
  for (const [name, kept] of [
    ['plimsoll_pressure_transitions_total', 'plimsoll_level_to'],
    ['plimsoll_actions_total', 'plimsoll_outcome'],
    ['plimsoll_cache_size_bytes', 'plimsoll_process'],
    ['plimsoll_reclaim_promised_bytes_total', 'plimsoll_process'],
    ['plimsoll_reclaim_freed_bytes_total', 'plimsoll_process'],
    ['plimsoll_shed_total', 'plimsoll_process'],
    ['plimsoll_agent_degraded', 'plimsoll_process'],
    ['v8js_gc_duration_seconds_count', 'plimsoll_process'],
    ['v8js_gc_duration_seconds_sum', 'plimsoll_process'],
  ] as const) {
    for (const snapshot of [ordinarySnapshot(), worstCaseSnapshot()]) {
      assert.deepEqual(sumBy(full(snapshot), name, kept), sumBy(core(snapshot), name, kept), name);
    }
  }
  for (const result of ['hit', 'miss'] as const) {
    const [inFull, inCore] = [full, core].map(
      (text) => sumBy(text(worstCaseSnapshot()), 'plimsoll_cache_operations_total', 'plimsoll_cache_result')[result],
    );
    assert.equal(inFull, inCore);
  }
});

function sumBy(text: string, name: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const sample of parsePrometheus(text).flatMap(({ samples }) => samples)) {
    const key = sample.labels[label];
    if (sample.name === name && key !== undefined) sums[key] = (sums[key] ?? 0) + sample.value;
  }
  return sums;
}

test('counts that fall under _other never fall when later actions join them', () => {
  const actions = worstCaseSnapshot().actions;
  let before: Record<string, number> = {};
  for (let known = 1; known <= actions.length; known++) {
    const text = full({ ...worstCaseSnapshot(), actions: actions.slice(0, known) });
    const now = Object.fromEntries(
      parsePrometheus(text)
        .filter(({ name }) => name === 'plimsoll_actions_total')
        .flatMap(({ samples }) => samples.map(({ labels, value }) => [Object.values(labels).join(), value])),
    ) as Record<string, number>;
    for (const [series, value] of Object.entries(before)) assert.ok((now[series] ?? 0) >= value, `${series} fell`);
    before = now;
  }
  assert.equal(Object.keys(before).length, 8);
});

test('before the first sample there is only who is asked', () => {
  const text = full({
    row: rowOf({}),
    identity: IDENTITY,
    tellsSurroundings: true,
    degraded: [],
    actions: [],
    ...NOTHING_GIVEN_BACK,
  });
  assert.deepEqual(
    parsePrometheus(text).map(({ name }) => name),
    ['target_info', 'plimsoll_agent_info'],
  );
});

test('no resource attribute, however it is spelled, breaks the scrape', () => {
  const resource = {
    'a.b': 'first',
    a_b: 'second',
    '1st': 'x',
    'quote"s': 'a"b\\c\nd',
    '': 'nameless',
    'service.name': 'other',
  };
  const text = core({ ...ordinarySnapshot(), identity: { ...IDENTITY, resource } });
  const info = parsePrometheus(text).find(({ name }) => name === 'target_info');
  assert.deepEqual(info?.samples[0]?.labels, {
    service_name: 'other',
    service_instance_id: IDENTITY.serviceInstanceId,
    a_b: 'first',
    key_1st: 'x',
    quote_s: 'a"b\\c\nd',
  });
});

test('a text that was asked for twice is the same, and nothing is left of an earlier snapshot', () => {
  const first = full(ordinarySnapshot());
  full(worstCaseSnapshot());
  assert.equal(full(ordinarySnapshot()), first);
});

const PROMTOOL = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find((path) => existsSync(path));

for (const [what, text] of [
  ['an ordinary process in core', core(ordinarySnapshot())],
  ['an ordinary process in full', full(ordinarySnapshot())],
  ['the worst case in core', core(worstCaseSnapshot())],
  ['the worst case in full', full(worstCaseSnapshot())],
] as const) {
  test(
    `promtool check metrics has no complaint about ${what}`,
    { skip: PROMTOOL === undefined && 'promtool is not installed (Debian: prometheus)' },
    () => {
      const { status, stderr, stdout } = spawnSync(PROMTOOL ?? '', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
      });
      assert.deepEqual({ status, said: `${stdout}${stderr}` }, { status: 0, said: '' });
      assert.ok(seriesOf(text).length > 20);
    },
  );
}
