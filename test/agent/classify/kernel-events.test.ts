import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPolicy } from '../../../agent/config/presets.ts';
import { levels, play, reasons, type Sample } from './recording.ts';

const CALM = { limit: 1000, use: 400, usage: 500, max: 70, oom: 3, oomKill: 2, stall: 5 };

/** Calm, then one sample that is different, then calm again. */
function after(change: Partial<Sample>, calm: Partial<Sample> = {}): { levels: string; reasons: string } {
  const base = { ...CALM, ...calm };
  const verdicts = play([
    { ...base, at: 0 },
    { ...base, at: 1 },
    { ...base, ...change, at: 2 },
    { ...base, ...change, use: base.use, at: 3 },
  ]);
  return { levels: levels(verdicts), reasons: verdicts[2] === undefined ? '' : reasons(verdicts[2].assessment) };
}

test('an oom or oom_kill count is critical at once, whatever the use', () => {
  assert.deepEqual(after({ oom: 4 }), { levels: '0033', reasons: 'oom 1' });
  assert.deepEqual(after({ oom: 4, oomKill: 5 }), { levels: '0033', reasons: 'oom_kill 3' });
});

test('a max count is critical at once when use is high and hardly anything is reclaimable', () => {
  assert.deepEqual(after({ max: 74, use: 930, usage: 970 }), { levels: '0033', reasons: 'max 4, container 0.93≥0.92' });
  assert.deepEqual(after({ max: 74, use: 830, usage: 860 }), { levels: '0033', reasons: 'max 4' });
  assert.equal(after({ max: 74, use: 830, usage: 900 }).levels, '0000');
  assert.equal(after({ max: 74, use: 830, usage: Number.NaN }).levels, '0000');
  assert.equal(after({ max: 74, use: 810, usage: 820 }).levels, '0000');
});

test('a max count with waiting time is critical at once from elevated on', () => {
  assert.deepEqual(after({ max: 71, use: 700, usage: 1000, stall: 5.5 }), { levels: '0033', reasons: 'max 1' });
  assert.equal(after({ max: 71, use: 690, usage: 1000, stall: 5.5 }).levels, '0000');
  assert.equal(after({ max: 71, use: 700, usage: 1000, stall: 5.1 }).levels, '0000');
});

test('a max count of a group whose use or limit is not known is no alarm', () => {
  const verdicts = play([0, 1, 2].map((at) => ({ at, limit: Infinity, use: 900, usage: 900, max: at })));
  assert.equal(levels(verdicts), '000');
});

test('counters that go backwards, or belong to another limit, start anew', () => {
  const lines: readonly (readonly [Partial<Sample>, number])[] = [
    [{ oom: 100 }, 0],
    [{ oom: 2 }, 0],
    [{ oom: 2 }, 0],
    [{ oom: 50, limit: 2000 }, 0],
    [{ oom: 50, limit: 2000 }, 0],
    [{ oom: 51, limit: 2000 }, 3],
  ];
  const verdicts = play(lines.map(([change], at) => ({ ...CALM, ...change, at })));
  assert.deepEqual(
    verdicts.map(({ assessment }) => assessment.level),
    lines.map(([, level]) => level),
  );
});

test('a count that is missing for a while is compared with the last one known', () => {
  const counts = [3, Number.NaN, Number.NaN, 3, Number.NaN, 4];
  const verdicts = play(counts.map((oom, at) => ({ ...CALM, oom, at })));
  assert.equal(levels(verdicts), '000003');
});

test('the kernel raises to the highest level that is enabled', () => {
  const without = (enter: readonly [number | undefined, number | undefined, number | undefined]): string => {
    const policy = createPolicy({ preset: 'standard', enter });
    return levels(
      play(
        [0, 1, 2].map((at) => ({ ...CALM, at, oomKill: at })),
        policy,
      ),
    );
  };
  assert.equal(without([0.7, 0.8, undefined]), '022');
  assert.equal(without([undefined, undefined, undefined]), '000');
});

test('an event renews the dwell', () => {
  const events = [0, 1, 1, 1, 2, 2, 2, 2];
  const verdicts = play(events.map((oom, index) => ({ ...CALM, oom, at: index * 4 })));
  assert.equal(levels(verdicts), '03333332');
});
