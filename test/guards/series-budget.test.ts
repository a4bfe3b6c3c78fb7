/**
 * B16: how much a process costs whoever stores its series. One process at 50 series is what a cluster of 2 000 pods can
 * carry; without this guard a heap space or an event added to the table would pass unnoticed. Raise a ceiling only in the commit that causes it.
 * Deaths are counted apart: they are of a workload, told once however many processes it has, and go on when there is none.
 */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { Tier } from '../../agent/model/metric.ts';
import { COLUMNS } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { seriesBudget, workloadSeries } from '../../scripts/docs-metrics.ts';
import { seriesOf } from '../helpers/prometheus-text.ts';
import { worstCaseSnapshot } from '../helpers/snapshot.ts';

const CEILING: Readonly<Record<Tier, number>> = { core: 50, full: 150 };
/** Five causes, observed or inferred. */
const DEATHS_CEILING = 10;

/** Of the process; and of its workload. */
function countedIn(tier: Tier, snapshot: Snapshot): { readonly process: readonly string[]; readonly deaths: number } {
  const series = seriesOf(createPrometheusText(tier)(snapshot));
  const process = series.filter((each) => !each.startsWith('plimsoll_process_deaths_total'));
  assert.equal(new Set(series).size, series.length, 'each series once');
  return { process, deaths: series.length - process.length };
}

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
      const { process, deaths } = countedIn(tier, snapshot);
      assert.ok(process.length <= CEILING[tier], `${process.length} series`);
      assert.ok(deaths <= DEATHS_CEILING, `${deaths} series of deaths`);
    });
  }

  test(`the page says the number of series in ${tier} that there really are`, () => {
    const { process, deaths } = countedIn(tier, worstCaseSnapshot());
    assert.equal(seriesBudget(tier), process.length);
    assert.equal(workloadSeries(tier), deaths);
  });

  test(`a process that does not tell of its workload has no series of deaths in ${tier}`, () => {
    assert.equal(countedIn(tier, { ...worstCaseSnapshot(), tellsSurroundings: false }).deaths, 0);
    const { deaths: _deaths, ...nobodyCounts } = worstCaseSnapshot();
    assert.equal(countedIn(tier, nobodyCounts).deaths, 0);
  });
}
