/** Every route of the table answers in the shape that OpenAPI tells. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import type { Static } from 'typebox';
import { Value } from 'typebox/value';

import type { ControlClient } from '../../../../agent/control/client.ts';
import { ROUTES } from '../../../../agent/sidecar/api/routes.ts';
import { SCHEMAS, type SchemaName } from '../../../../agent/sidecar/api/schemas.ts';
import type * as Types from '../../../../agent/sidecar/api/types.ts';
import type { Postmortem } from '../../../../agent/model/postmortem.ts';
import { NOTHING_RECLAIMED } from '../../../../agent/model/reclaim.ts';
import { systemClock } from '../../../../agent/sample/clock.ts';
import type { Fleet, Member } from '../../../../agent/sidecar/fleet.ts';
import { BEARER, jsonOf, openApiScene } from '../../../helpers/api-scene.ts';
import { createScriptedFleet, notedEvent, postmortemOf } from '../../../helpers/scripted-fleet.ts';
import { cacheStatus } from '../../../helpers/snapshot.ts';

const NOW_MS = 1_795_342_500_250;
const INSTANCE = '20261122T101500000Z-00000000deadbeef';
const CAPTURE = `capture-20261122T101501000Z-${INSTANCE}.report.json`;

/** As an agent would answer. */
const CONTROL: ControlClient = {
  hello: { protocol: 1, instance: INSTANCE, agentVersion: '0.1.0', pid: 7 },
  ended: new Promise(() => {}),
  close() {},
  ask: ((op: string) =>
    Promise.resolve(
      {
        clear: [{ name: 'prices', entries: 10, bytes: 4096 }],
        reclaim: { ...NOTHING_RECLAIMED, outcome: 'done', freedBytes: 1024 },
        capture: { path: `/data/captures/${CAPTURE}`, bytes: 12 },
        drill: { untilWallMs: NOW_MS + 30_000 },
      }[op],
    )) as ControlClient['ask'],
};

function crowdedFleet(): Fleet {
  const fleet = createScriptedFleet(() => NOW_MS);
  const scripted = fleet.add({ serviceInstanceId: INSTANCE }, { caches: [cacheStatus('prices')] });
  const { row } = scripted.latest;
  const member: Member = { ...scripted, control: () => CONTROL, records: () => [row] };
  return {
    ...fleet,
    members: () => [member],
    deaths: () => [{ cause: 'kernel_oom', evidence: 'observed', count: 1 }],
    postmortems: () => [postmortemOf({ serviceInstanceId: 'dead' }, NOW_MS)],
    events: () => [
      {
        instanceId: INSTANCE,
        event: notedEvent(NOW_MS, {
          attributes: {
            'plimsoll.level.from': 'normal',
            'plimsoll.level.to': 'high',
            'plimsoll.constraint': 'heap',
            'plimsoll.pressure': 0.85,
          },
        }),
      },
    ],
  };
}

/** What a route needs to answer. */
const QUERIES: Readonly<Record<string, string>> = {
  '/memory/history': '?since=1d&resolution=raw',
};
const BODIES: Readonly<Record<string, string>> = {
  '/drills': '{"level":"high","forMs":30000}',
  '/captures': '{"kind":"report"}',
  '/reclaim': '{"targetBytes":1000}',
};

function pathOf(path: string): string {
  return path.replace(':name', 'prices').replace(':instance', 'dead').replace(':id', CAPTURE);
}

test('each route answers under both of its paths, in the shape that its description has', async (context) => {
  const clock = { ...systemClock, wallMs: () => NOW_MS };
  const scene = await openApiScene(context, { fleet: crowdedFleet(), withToken: true, write: 'on', clock });
  mkdirSync(join(scene.dataDirectory, 'captures'));
  writeFileSync(join(scene.dataDirectory, 'captures', CAPTURE), '{}');
  for (const { method, path, answers } of ROUTES) {
    for (const prefix of ['/api/v1', '/api']) {
      const body = method === 'POST' ? { body: BODIES[path] ?? '' } : {};
      const reply = await scene.get(`${prefix}${pathOf(path)}${method === 'GET' ? (QUERIES[path] ?? '') : ''}`, {
        method,
        headers: {
          ...BEARER,
          accept: 'application/json',
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...body,
      });
      assert.equal(reply.status, 200, `${method} ${prefix}${path}: ${reply.body.toString()}`);
      assert.equal(reply.headers['content-type'], 'application/json');
      if (answers === undefined) continue;
      const errors = Value.Errors(SCHEMAS[answers], jsonOf(reply));
      assert.deepEqual([...errors], [], `${method} ${path} is no ${answers}: ${reply.body.toString()}`);
    }
  }
  assert.deepEqual(scene.problems, []);
});

test('what an agent answers with is told per process, and added up', async (context) => {
  const scene = await openApiScene(context, { fleet: crowdedFleet(), withToken: true, write: 'on' });
  const json = { ...BEARER, 'content-type': 'application/json' };
  const cleared = await scene.get('/api/v1/cache/clear', { method: 'DELETE', headers: BEARER });
  const who = { instance: INSTANCE, process: 'main' };
  assert.deepEqual(jsonOf(cleared), {
    cleared: [{ ...who, name: 'prices', entries: 10, bytes: 4096 }],
    entries: 10,
    bytes: 4096,
    failed: [],
  });
  const captured = await scene.get('/api/v1/captures', { method: 'POST', headers: json });
  assert.deepEqual(jsonOf(captured), { captures: [{ ...who, id: CAPTURE, bytes: 12 }], failed: [] });
  const drilled = await scene.get('/api/v1/drills', { method: 'POST', headers: json, body: '{"level":"high"}' });
  assert.deepEqual(jsonOf(drilled), { drills: [{ ...who, untilMs: NOW_MS + 30_000 }], failed: [] });
});

test('an alert tells the bytes that its ratios stand for', async (context) => {
  const scene = await openApiScene(context, { fleet: crowdedFleet(), clock: { ...systemClock, wallMs: () => NOW_MS } });
  const { alerts } = jsonOf(await scene.get('/api/v1/memory/alerts')) as Types.ApiAlerts;
  const limitBytes = 256 * 2 ** 20;
  assert.deepEqual(
    alerts.map(({ type, level, memoryBytes, thresholdBytes }) => ({ type, level, memoryBytes, thresholdBytes })),
    [{ type: 'warning', level: 'high', memoryBytes: Math.round(limitBytes * 0.85), thresholdBytes: null }],
  );
});

interface Answers {
  SystemStatus: Types.ApiSystemStatus;
  MemoryStatus: Types.ApiMemoryStatus;
  History: Types.ApiHistory;
  Alerts: Types.ApiAlerts;
  Stages: Types.ApiStages;
  Components: Types.ApiComponents;
  CacheStats: Types.ApiCacheStats;
  Cleared: Types.ApiCleared;
  AdminMemoryStats: Types.ApiAdminMemoryStats;
  AdminMemoryHistory: Types.ApiAdminMemoryHistory;
  Postmortems: Types.ApiPostmortems;
  Postmortem: Postmortem;
  Events: Types.ApiEvents;
  Captures: Types.ApiCaptures;
  Drilled: Types.ApiDrilled;
  Captured: Types.ApiCaptured;
  Reclaimed: Types.ApiReclaimed;
  Problem: Types.ApiProblem;
  Event: Types.ApiEvent;
  Points: readonly Types.ApiPoint[];
}

type Settled<T> = T extends readonly (infer U)[]
  ? readonly Settled<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Settled<T[K]> }
    : T;
type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Compared = { readonly [K in SchemaName]: IsSame<Settled<Static<(typeof SCHEMAS)[K]>>, Settled<Answers[K]>> };

test('the compiler holds schemas and types equal', () => {
  // a name whose type says something else is `false` here, and this does not compile
  const equal: Readonly<Record<SchemaName, true>> = Object.fromEntries(
    Object.keys(SCHEMAS).map((name) => [name, true]),
  ) as Compared;
  assert.ok(Object.values(equal).every(Boolean));
});
