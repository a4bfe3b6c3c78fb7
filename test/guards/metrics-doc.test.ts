import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { METRICS } from '../../agent/model/metrics.ts';
import { prometheusName } from '../../exporters/prometheus-name.ts';
import { withTable } from '../../scripts/docs-metrics.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

test('docs/metrics.md has the table as the code has it', () => {
  assert.equal(page, withTable(page), 'docs/metrics.md is stale: npm run docs');
});

test('every Prometheus name that the page mentions is exported', () => {
  const names = new Set(METRICS.map((metric) => prometheusName(metric)));
  const mentioned = page.match(/\b(plimsoll|v8js|nodejs)_[a-z0-9_]+\b/g) ?? [];
  const labels = new Set([
    'plimsoll_level_to',
    'plimsoll_cache_size_source',
    'plimsoll_death_cause',
    'plimsoll_death_evidence',
    'plimsoll_process',
  ]);
  assert.deepEqual(
    mentioned.filter((name) => !names.has(name) && !labels.has(name)),
    [],
  );
});
