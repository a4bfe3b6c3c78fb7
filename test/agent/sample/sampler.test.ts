import assert from 'node:assert/strict';
import test from 'node:test';

import { COL, type Row } from '../../../agent/model/row.ts';
import type { Source } from '../../../agent/model/source.ts';
import type { Clock } from '../../../agent/sample/clock.ts';
import { CONFIRM_DELAY_MS, type Distances } from '../../../agent/sample/pace.ts';
import { createSampler, type Outlook, type Sampler } from '../../../agent/sample/sampler.ts';

const MIB = 2 ** 20;
const FAR: Distances = {
  heapBytes: Infinity,
  containerBytes: 1024 * MIB,
  budgetBytes: Infinity,
  heapStepBytes: Infinity,
  containerStepBytes: 20 * MIB,
  budgetStepBytes: Infinity,
};

interface Bench {
  readonly sampler: Sampler;
  /** Times of full samples, ms. */
  readonly samples: number[];
  readonly probes: number[];
  readonly lateness: number[];
  readonly failures: unknown[];
  outlook: Outlook;
  usageBytes: number;
  fail: boolean;
  /** Runs timers up to this time; each fires `lateMs` late. */
  runTo(ms: number, lateMs?: number): void;
  pending(): number;
}

function bench(): Bench {
  let nowMs = 0;
  let timer: { readonly callback: () => void; readonly atMs: number } | undefined;
  const clock: Clock = {
    wallMs: () => 1_000_000 + nowMs,
    monotonicMs: () => nowMs,
    setTimer(callback, ms) {
      const mine = { callback, atMs: nowMs + ms };
      timer = mine;
      return () => {
        if (timer === mine) timer = undefined;
      };
    },
    createRepeatedTimer(callback) {
      let cancel: (() => void) | undefined;
      return {
        set(ms) {
          cancel?.();
          cancel = clock.setTimer(callback, ms);
        },
        cancel: () => cancel?.(),
      };
    },
  };
  const source: Source = {
    name: 'scripted',
    readings: ['cgroupUsageBytes'],
    probed: ['cgroupUsageBytes'],
    read(row: Row) {
      if (self.fail) throw new Error('a source must not throw, and this one does');
      row[COL.cgroupUsageBytes] = self.usageBytes;
    },
    probe(row: Row) {
      self.probes.push(nowMs);
      row[COL.cgroupUsageBytes] = self.usageBytes;
    },
    unavailable: () => [],
    facts: () => ({}),
    close: () => undefined,
  };
  const self: Bench = {
    sampler: createSampler({
      sources: [source],
      clock,
      intervalMs: 1_000,
      intervalMinMs: 50,
      onSample() {
        self.samples.push(nowMs);
        return self.outlook;
      },
      onLateness: (ms) => self.lateness.push(ms),
      onFailure: (error) => self.failures.push(error),
    }),
    samples: [],
    probes: [],
    lateness: [],
    failures: [],
    outlook: { distances: FAR, confirming: false, everyTick: false },
    usageBytes: 100 * MIB,
    fail: false,
    runTo(ms, lateMs = 0) {
      while (timer !== undefined && timer.atMs + lateMs <= ms) {
        const due = timer;
        timer = undefined;
        nowMs = due.atMs + lateMs;
        due.callback();
      }
      nowMs = ms;
    },
    pending: () => (timer === undefined ? 0 : 1),
  };
  return self;
}

test('far from every threshold it takes one full sample a second and nothing between', () => {
  const it = bench();
  it.sampler.start();
  it.runTo(5_000);
  assert.deepEqual(it.samples, [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
  assert.deepEqual(it.probes, []);
});

test('the nearer the threshold the faster the probes, at 700 MB/s, and never faster than the minimum', () => {
  const it = bench();
  it.outlook = { ...it.outlook, distances: { ...FAR, containerBytes: 175_000_000 } };
  it.sampler.start();
  it.runTo(999);
  assert.deepEqual(it.probes, [250, 500, 750]);

  const near = bench();
  near.outlook = { ...near.outlook, distances: { ...FAR, containerBytes: 1_000 } };
  near.sampler.start();
  near.runTo(160);
  assert.deepEqual(near.probes, [50, 100, 150]);
});

test('a probe that moved by a step asks for a full sample at once', () => {
  const it = bench();
  it.outlook = { ...it.outlook, distances: { ...FAR, containerBytes: 175_000_000 } };
  it.sampler.start();
  it.usageBytes += 20 * MIB;
  it.runTo(250);
  assert.deepEqual(it.samples, [0, 250]);
});

test('a probe that passed the threshold asks for a full sample however small the step', () => {
  const it = bench();
  it.outlook = { ...it.outlook, distances: { ...FAR, containerBytes: 1 * MIB } };
  it.sampler.start();
  it.usageBytes += 1 * MIB;
  it.runTo(50);
  assert.deepEqual(it.samples, [0, 50]);
});

test('a first sighting is confirmed within a few ms', () => {
  const it = bench();
  it.outlook = { ...it.outlook, confirming: true };
  it.sampler.start();
  it.outlook = { ...it.outlook, confirming: false };
  it.runTo(900);
  assert.deepEqual(it.samples, [0, CONFIRM_DELAY_MS]);
});

test('from high on every tick is a full sample', () => {
  const it = bench();
  it.outlook = { distances: { ...FAR, containerBytes: 1_000 }, confirming: false, everyTick: true };
  it.sampler.start();
  it.runTo(150);
  assert.deepEqual(it.samples, [0, 50, 100, 150]);
});

test('a requested sample comes at once, but not twice within a few ms', () => {
  const it = bench();
  it.sampler.start();
  it.runTo(400);
  it.sampler.request();
  it.sampler.request();
  it.runTo(1_399);
  assert.deepEqual(it.samples, [0, 400]);
  it.runTo(1_400);
  assert.deepEqual(it.samples, [0, 400, 1_400]);
});

test('how late its timer was is told to the event-loop source', () => {
  const it = bench();
  it.sampler.start();
  it.runTo(2_500, 30);
  assert.deepEqual(it.lateness, [30, 30]);
});

test('stopped, it leaves no timer and ignores requests; it can start again', () => {
  const it = bench();
  it.sampler.start();
  it.sampler.stop();
  it.sampler.request();
  assert.equal(it.pending(), 0);
  it.runTo(3_000);
  it.sampler.start();
  assert.deepEqual(it.samples, [0, 3_000]);
});

test('a part that throws stops the sampler, once, and nothing reaches the caller', () => {
  const it = bench();
  it.sampler.start();
  it.fail = true;
  it.runTo(5_000);
  assert.equal(it.failures.length, 1);
  assert.equal(it.pending(), 0);
});
