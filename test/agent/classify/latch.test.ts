import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPolicy } from '../../../agent/config/presets.ts';
import { everySecond, levels, play, reasons, type Sample } from './recording.ts';

/** Over critical and nothing moves. Quiet is counted from second 2 on: the first sample after the level was entered. */
const QUIET = { limit: 1000, use: 950, usage: 990, anon: 900, max: 7, oom: 0, oomKill: 0, stall: 3 };

/** Runs of equal levels: `0×1 3×301`. */
function runs(samples: readonly Sample[]): string {
  const text = levels(play(samples));
  return (text.match(/(.)\1*/g) ?? []).map((run) => `${run[0]}×${run.length}`).join(' ');
}

function quiet(seconds: number, change: (second: number) => Partial<Sample> = () => ({})): Sample[] {
  return everySecond(seconds, (second) => ({ ...QUIET, ...change(second) }));
}

test('after five quiet minutes one level is taken off, and after five more another, never below elevated', () => {
  const verdicts = play(quiet(1500));
  assert.equal(runs(quiet(1500)), '0×1 3×301 2×300 1×898');
  assert.equal(verdicts[302] && reasons(verdicts[302].assessment), 'container 0.95≥0.82, container latched');
  assert.equal(verdicts[1400] && reasons(verdicts[1400].assessment), 'container 0.95≥0.70, container latched');
  assert.equal(verdicts[1400]?.assessment.pressureRatio, 0.95);
});

test('what moves in time keeps the level', () => {
  const moving: Readonly<Record<string, (second: number) => Partial<Sample>>> = {
    'anonymous memory by 1 %': (second) => ({ anon: second % 250 === 249 ? 911 : 900 }),
    'use by 2 %': (second) => ({ use: second % 250 === 249 ? 971 : 950 }),
    'a max count': (second) => ({ max: Math.floor(second / 250) }),
    'stall of 0.3 s at once': (second) => ({ stall: Math.floor(second / 250) * 0.31 }),
    'stall of 0.3 % of the time': (second) => ({ stall: second * 0.003 }),
    'PSI not available, and faults neither': () => ({ stall: Number.NaN }),
    'anonymous memory not available': () => ({ anon: Number.NaN }),
    'PSI not available, three major faults a second': (second) => ({ stall: Number.NaN, faults: 3 * second }),
    'the limit': (second) => ({ limit: 1000 + (Math.floor(second / 250) % 2) }),
  };
  for (const [what, change] of Object.entries(moving)) assert.equal(runs(quiet(1200, change)), '0×1 3×1199', what);
});

test('what moves less than that does not', () => {
  const still: Readonly<Record<string, (second: number) => Partial<Sample>>> = {
    'anonymous memory by 0.9 %': (second) => ({ anon: 900 + 9 * (second % 2) }),
    'use by 1.9 %': (second) => ({ use: 950 + 19 * (second % 2) }),
    'stall of 0.09 % of the time': (second) => ({ stall: second * 0.0009 }),
    'PSI not available, a major fault every two seconds': (second) => ({ stall: Number.NaN, faults: second >> 1 }),
  };
  for (const [what, change] of Object.entries(still)) {
    assert.equal(runs(quiet(600, change)), '0×1 3×301 2×298', what);
  }
});

test('the first movement gives the level back at once', () => {
  const movements: readonly (readonly [Partial<Sample>, string])[] = [
    [{ anon: 911 }, '3'],
    [{ use: 971 }, '3'],
    [{ max: 8 }, '3'],
    [{ stall: 3.4 }, '3'],
    [{ anon: 850, use: 900 }, '2'],
    [{ anon: 911, use: 600 }, '1'],
    [{ limit: Infinity }, '1'],
  ];
  for (const [change, level] of movements) {
    const text = levels(play(quiet(620, (second) => (second === 610 ? change : {}))));
    assert.equal(text.slice(609, 611), `1${level}`, JSON.stringify(change));
  }
});

test('a use that falls takes the reference with it: the way back up is a movement', () => {
  const fallsAndRises = (second: number): Partial<Sample> => ({ use: second > 310 && second < 320 ? 925 : 950 });
  assert.equal(runs(quiet(400, fallsAndRises)), '0×1 3×301 2×18 3×80');
});

test('quiet that began below high does not count', () => {
  const samples = quiet(700, (second) => ({ use: second < 400 ? 815 : 822 }));
  assert.equal(levels(play(samples)).slice(1), '1'.repeat(400) + '2'.repeat(299));
});

test('heap and budget do not latch, nor does a container while one of them holds the level', () => {
  assert.equal(
    runs(everySecond(700, () => ({ heapLimit: 100, heapLive: 95, heapOld: 95, stall: 0, anon: 95 }))),
    '0×1 3×699',
  );
  assert.equal(runs(everySecond(700, () => ({ budget: 100, rss: 95, stall: 0, anon: 95 }))), '0×1 3×699');
  assert.equal(runs(quiet(700, () => ({ budget: 100, rss: 90 }))), '0×1 3×699');
  assert.equal(runs(quiet(700, () => ({ budget: 100, rss: 84 }))), '0×1 3×301 2×398');
});

test('what confirms a higher level goes before a latch that would let go of the current one', () => {
  const heap = (second: number): Partial<Sample> => ({
    use: 850,
    ...(second >= 301 ? { heapLimit: 100, heapLive: 10, heapOld: 95 } : {}),
  });
  assert.equal(runs(quiet(310, heap)), '0×1 2×301 3×8');
});

test('a host that counts fully latches, one that does not has nothing to let go of', () => {
  const host = { hostTotal: 1000, hostAvailable: 50, anon: 10, stall: 0 };
  assert.equal(runs(everySecond(400, () => host)), '0×1 3×301 2×98');
  assert.equal(runs(everySecond(400, () => ({ ...host, budget: 100, rss: 10 }))), '0×1 1×399');
});

test('a latched level is left like any other when the use goes, and then the latch is gone', () => {
  const samples = quiet(700, (second) => ({ use: second < 640 || second > 670 ? 950 : 300, anon: 900 }));
  assert.equal(runs(samples), '0×1 3×301 2×300 1×47 0×23 3×28');
});

test('nothing is taken off within the cool-down of the step before', () => {
  const policy = { ...createPolicy({ preset: 'standard' }), coolDownMs: 400_000 };
  const samples = quiet(800);
  const text = levels(play(samples, policy));
  assert.equal(text, `0${'3'.repeat(301)}${'2'.repeat(400)}${'1'.repeat(98)}`);
});

test('without elevated a quiet high stays', () => {
  const text = levels(play(quiet(700), createPolicy({ preset: 'two-step' })));
  assert.equal(text, `0${'3'.repeat(301)}${'2'.repeat(398)}`);
});
