/**
 * B16: how much a process costs whoever stores its series. One process at 50 series is what a cluster of 2 000 pods can
 * carry; without this guard a heap space or an event added to the table would pass unnoticed. Raise a ceiling only in the commit that causes it.
 */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { Tier } from '../../agent/model/metric.ts';
import { COLUMNS } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { seriesBudget } from '../../scripts/docs-metrics.ts';
import { seriesOf } from '../helpers/prometheus-text.ts';
import { worstCaseSnapshot } from '../helpers/snapshot.ts';

const CEILING: Readonly<Record<Tier, number>> = { core: 50, full: 150 };

/** The container has no limit and there is no budget, so that nothing is said of them: the host is what kills. */
function withoutOwnLimit(): Snapshot {
  const snapshot = worstCaseSnapshot('host');
  for (const [index, column] of COLUMNS.entries()) {
    if (/^(container|budget)(Usage|Limit|Utilization|Headroom|Growth|TimeTo)/.test(column))
      snapshot.row[index] = Number.NaN;
  }
  return snapshot;
}

for (const tier of ['core', 'full'] as const) {
  for (const [situation, snapshot] of [
    ['has every constraint and everything happened', worstCaseSnapshot()],
    ['has no limit of its own', withoutOwnLimit()],
  ] as const) {
    test(`a process that ${situation} has at most ${CEILING[tier]} series in ${tier}, each of them once`, () => {
      const series = seriesOf(createPrometheusText(tier)(snapshot));
      assert.ok(series.length <= CEILING[tier], `${series.length} series`);
      assert.equal(new Set(series).size, series.length);
    });
  }

  test(`the page says the number of series in ${tier} that there really are`, () => {
    assert.equal(seriesBudget(tier), seriesOf(createPrometheusText(tier)(worstCaseSnapshot())).length);
  });
}
