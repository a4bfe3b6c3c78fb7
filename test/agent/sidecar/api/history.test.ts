/** Samples of several processes: in pages that lose nothing and repeat nothing, thinned to what matters, as streams. */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { RingNote } from '../../../../agent/model/note.ts';
import { COL, type ColumnName, type Row } from '../../../../agent/model/row.ts';
import { systemClock } from '../../../../agent/sample/clock.ts';
import { CSV_COLUMNS } from '../../../../agent/sidecar/api/lines.ts';
import type { ApiAdminMemoryHistory, ApiHistory, ApiPoint } from '../../../../agent/sidecar/api/types.ts';
import type { Fleet, Member } from '../../../../agent/sidecar/fleet.ts';
import { jsonOf, openApiScene, type ApiScene } from '../../../helpers/api-scene.ts';
import { createScriptedFleet } from '../../../helpers/scripted-fleet.ts';
import { rowOf } from '../../../helpers/snapshot.ts';

const NOW_MS = 1_795_342_500_000;
const CLOCK = { ...systemClock, wallMs: () => NOW_MS };
const HISTORY = '/api/v1/memory/history';

function row(agoMs: number, pressureRatio: number, more: Partial<Record<ColumnName, number>> = {}): Row {
  return rowOf({ wallMs: NOW_MS - agoMs, pressureRatio, level: 0, bindingConstraint: 0, heapUsageBytes: 100, ...more });
}

function fleetOf(...processes: readonly Partial<Member>[]): Fleet {
  const fleet = createScriptedFleet(() => NOW_MS);
  const members = processes.map((changes, index) => ({
    ...fleet.add({ serviceInstanceId: `i${index}`, process: index === 0 ? 'main' : `worker-${index}` }),
    ...changes,
  }));
  return { ...fleet, members: () => members };
}

function since(rows: readonly Row[]): (sinceMs: number) => readonly Row[] {
  return (sinceMs) => rows.filter((each) => (each[COL.wallMs] ?? 0) >= sinceMs);
}

async function pointsOf(scene: ApiScene, query: string): Promise<readonly ApiPoint[]> {
  return (jsonOf(await scene.get(`${HISTORY}${query}`)) as ApiHistory).points;
}

test('pages of any size are the whole, in order of time, each sample once', async (context) => {
  // the same moments in both, so that a page may end between two of one moment
  const rows = Array.from({ length: 20 }, (_, index) => row((20 - Math.floor(index / 2) * 2) * 1000, index / 100));
  const odd = rows.filter((_, index) => index % 2 === 1);
  const fleet = fleetOf({ records: since(odd) }, { records: since(odd) }, { records: since([row(5000, 0.5)]) });
  const scene = await openApiScene(context, { fleet, clock: CLOCK });
  const whole = await pointsOf(scene, '?resolution=raw');
  assert.equal(whole.length, 21);
  assert.deepEqual(
    whole.map(({ wallMs }) => wallMs),
    whole.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b),
  );
  for (const limit of [1, 3, 20, 21]) {
    const paged: ApiPoint[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `${HISTORY}?resolution=raw&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = jsonOf(await scene.get(path)) as ApiHistory;
      assert.ok(page.points.length <= limit && page.points.length > 0);
      paged.push(...page.points);
      cursor = page.next;
    }
    assert.deepEqual(paged, whole, `in pages of ${limit}`);
  }
});

test('of each interval the sample with the highest pressure is told, and one whose pressure is not known least of all', async (context) => {
  const records = [row(9900, Number.NaN), row(9500, 0.3), row(9300, 0.9), row(9100, 0.4), row(2000, Number.NaN)];
  const scene = await openApiScene(context, { fleet: fleetOf({ records: since(records) }), clock: CLOCK });
  const pressures = async (query: string): Promise<readonly unknown[]> =>
    (await pointsOf(scene, query)).map(({ wallMs, pressureRatio }) => [NOW_MS - wallMs, pressureRatio]);
  assert.deepEqual(await pressures('?resolution=1s'), [
    [9300, 0.9],
    [2000, null],
  ]);
  assert.deepEqual(await pressures('?resolution=10s'), [[9300, 0.9]]);
  assert.equal((await pressures('?resolution=raw')).length, 5);
});

test('what the ring file no longer has comes from what is kept of the hours before', async (context) => {
  const kept = [row(100_000, 0.1), row(90_000, 0.2), row(10_000, 0.3)];
  const records = [row(11_000, 0.4), row(10_000, 0.5), row(9000, 0.6)];
  const fleet = fleetOf({ records: since(records), history: since(kept) });
  const scene = await openApiScene(context, { fleet, clock: CLOCK });
  const seen = (points: readonly ApiPoint[]): readonly unknown[] => points.map(({ pressureRatio }) => pressureRatio);
  assert.deepEqual(seen(await pointsOf(scene, '?resolution=raw')), [0.1, 0.2, 0.4, 0.5, 0.6]);
  assert.deepEqual(seen(await pointsOf(scene, '?since=95s&resolution=10s')), [0.2, 0.3]);
});

test('what was before the sidecar came is read from the ring file, coarse or fine', async (context) => {
  const records = [row(100_000, 0.1), row(50_000, 0.2), row(10_000, 0.3)];
  const kept = [row(50_000, 0.25), row(10_000, 0.35)];
  const fleet = fleetOf({ records: since(records), history: since(kept) });
  const scene = await openApiScene(context, { fleet, clock: CLOCK });
  const points = await pointsOf(scene, '?resolution=10s');
  assert.deepEqual(
    points.map(({ pressureRatio }) => pressureRatio),
    [0.1, 0.25, 0.35],
  );
});

test('what is asked for is what is told: time, process, instance, job and stage', async (context) => {
  const names = ['nightly', 'load'];
  const note = (): RingNote => ({ names }) as unknown as RingNote;
  const records = since([row(5000, 0.1, { jobName: 0, stageName: 1 }), row(4000, 0.2, { jobName: 0 }), row(3000, 0.3)]);
  const scene = await openApiScene(context, { fleet: fleetOf({ records, note }, { records, note }), clock: CLOCK });
  const count = async (query: string): Promise<number> => (await pointsOf(scene, query)).length;
  assert.equal(await count(''), 6);
  assert.equal(await count('?process=worker-1'), 3);
  assert.equal(await count('?instance=i0'), 3);
  assert.equal(await count('?instance=i9'), 0);
  assert.equal(await count('?job_id=nightly'), 4);
  assert.equal(await count('?stage=load'), 2);
  assert.equal(await count('?since=4s'), 4);
  assert.equal(await count(`?until=${NOW_MS - 4000}`), 4);
  assert.equal(await count(`?since=${new Date(NOW_MS - 3000).toISOString()}`), 2);
  const history = jsonOf(await scene.get('/api/admin/memory-history?job_id=nightly')) as ApiAdminMemoryHistory;
  assert.deepEqual([history.job_id, history.count, history.metrics.length], ['nightly', 4, 4]);
});

test('as CSV: one line of names, text that is no formula, nothing where nothing is known', async (context) => {
  const names = ['=HYPERLINK("http://evil.example","x")', 'a "quoted", name'];
  const note = (): RingNote => ({ names }) as unknown as RingNote;
  const records = since([row(2000, 0.5, { jobName: 0, stageName: 1, headroomBytes: -5 }), row(1000, Number.NaN)]);
  const scene = await openApiScene(context, { fleet: fleetOf({ records, note }), clock: CLOCK });
  const reply = await scene.get(HISTORY, { headers: { accept: 'text/csv' } });
  assert.equal(reply.headers['content-type'], 'text/csv');
  assert.deepEqual(reply.body.toString().split('\n'), [
    CSV_COLUMNS.join(','),
    `i0,main,${NOW_MS - 2000},normal,false,0.5,heap,100,,-5,,,,,"'=HYPERLINK(""http://evil.example"",""x"")","a ""quoted"", name"`,
    `i0,main,${NOW_MS - 1000},normal,false,,heap,100,,,,,,,,`,
    '',
  ]);
});

test('as lines of JSON: all of it, more than a page has', async (context) => {
  const records = since(Array.from({ length: 700 }, (_, index) => row((700 - index) * 100, 0.5)));
  const scene = await openApiScene(context, { fleet: fleetOf({ records }, { records }), clock: CLOCK });
  const query = '?resolution=raw&since=1h';
  const reply = await scene.get(`${HISTORY}${query}`, { headers: { accept: 'application/x-ndjson' } });
  const points = reply.body
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ApiPoint);
  assert.equal(points.length, 1400);
  const first = (jsonOf(await scene.get(`${HISTORY}${query}`)) as ApiHistory).points[0];
  assert.deepEqual(points[0], first);
});
