/** Whoever can write to PLIMSOLL_DIR can write any note: what is read is of the right kinds, and short. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readNote } from '../../../agent/model/read-note.ts';
import { cacheStatus, ordinarySnapshot } from '../../helpers/snapshot.ts';

const NOTHING = {
  wallMs: Number.NaN,
  mode: '',
  exporter: '',
  names: [],
  degraded: [],
  actions: [],
  caches: [],
  cacheAccounts: undefined,
  reclaimed: [],
  shed: [],
  adaptives: [],
  events: [],
};

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('a note that was read', () => {
  test('is what was written, whatever was not known in it', () => {
    const { degraded, actions, cacheAccounts, reclaimed, shed, adaptives } = ordinarySnapshot();
    const unknown = { hit: Number.NaN, miss: 1, expired: 2 };
    const evictions = { capacity: Number.NaN, ttl: 0, pressure: 1, manual: Number.NaN };
    const caches = [cacheStatus('a', { capEntries: 7 }), cacheStatus('b', { counts: { ...unknown, evictions } })];
    const note = {
      ...NOTHING,
      wallMs: 1,
      names: ['a', 'b'],
      degraded,
      actions,
      caches,
      cacheAccounts,
      reclaimed,
      shed,
    };
    assert.deepEqual(readNote(asJson({ ...note, adaptives })), { ...note, adaptives });
  });

  for (const value of [undefined, null, 7, 'x', [], [{}]]) {
    test(`is none from ${JSON.stringify(value)}`, () => assert.equal(readNote(value), undefined));
  }

  test('is empty where everything in it is odd', () => {
    assert.deepEqual(readNote({}), NOTHING);
    const odd = Object.fromEntries(Object.keys(NOTHING).map((key) => [key, key === 'wallMs' ? 'x' : 7]));
    assert.deepEqual(readNote(odd), NOTHING);
    const lists = Object.fromEntries(Object.keys(NOTHING).map((key) => [key, [7, null, 'x', [], [[]]]]));
    assert.deepEqual(readNote(lists), { ...NOTHING, names: ['', '', 'x', '', ''] });
  });

  test('leaves out what it does not know, and keeps what is beside it', () => {
    const cache = asJson(cacheStatus('known')) as object;
    const note = readNote({
      actions: [
        { action: 'shrink-caches', outcome: 'exploded', count: 1 },
        { action: 'shrink-caches', outcome: 'done', count: 'many' },
      ],
      caches: [
        cache,
        { ...cache, priority: 'urgent' },
        { ...cache, sizeSource: 'guessed' },
        { ...cache, limit: 7, counts: 7 },
      ],
      events: [
        { name: 'plimsoll.mode.changed', severity: 'LOUD' },
        { name: 'toString', severity: 'WARN' },
        { name: 'plimsoll.limit.changed', severity: 'INFO', text: 'changed', wallMs: 1, attributes: ['x'] },
        { name: 7, severity: 'WARN' },
        { name: 'plimsoll.mode.changed', severity: 'WARN', attributes: { a: 'x', b: 1, c: [], d: null } },
      ],
    });
    assert.deepEqual(note?.actions, [{ action: 'shrink-caches', outcome: 'done', count: Number.NaN }]);
    assert.deepEqual(
      note.caches.map(({ limit }) => limit.entries),
      [1000, undefined],
    );
    assert.deepEqual(note.caches[1]?.counts.hit, Number.NaN);
    assert.deepEqual(note.events, [
      { name: 'plimsoll.limit.changed', wallMs: 1, severity: 'INFO', text: 'changed', attributes: {} },
      { name: 'plimsoll.mode.changed', wallMs: Number.NaN, severity: 'WARN', text: '', attributes: { a: 'x', b: 1 } },
    ]);
  });

  test('is short, however long it was', () => {
    const long = 'x'.repeat(100_000);
    const many = <T>(each: T): readonly T[] => Array.from({ length: 1000 }, () => each);
    const note = readNote({
      mode: long,
      names: many(long),
      degraded: many({ reason: long, detail: long, repair: long }),
      actions: many({ action: long, outcome: 'done', count: 1 }),
      caches: many({ ...cacheStatus(long), library: long }),
      reclaimed: many({ reclaimer: long }),
      shed: many({ point: long }),
      adaptives: many({ name: long }),
      events: many({
        name: 'plimsoll.mode.changed',
        severity: 'WARN',
        text: long,
        attributes: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}`, long])),
      }),
    });
    const counts = [
      note?.names,
      note?.degraded,
      note?.actions,
      note?.caches,
      note?.reclaimed,
      note?.shed,
      note?.adaptives,
    ];
    assert.deepEqual(
      counts.map((list) => list?.length),
      [64, 64, 64, 8, 64, 64, 64],
    );
    assert.equal(note?.events.length, 24);
    assert.ok(Object.keys(note.events[0]?.attributes ?? {}).length <= 64);
    assert.ok(JSON.stringify(note).length < 3e6);
  });
});
