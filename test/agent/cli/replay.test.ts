import assert from 'node:assert/strict';
import { test } from 'node:test';

import { replayed } from '../../../agent/cli/replay.ts';
import { classify, writeVerdict, type Verdict } from '../../../agent/classify/index.ts';
import { createPolicy } from '../../../agent/config/presets.ts';
import type { Policy } from '../../../agent/model/policy.ts';
import { COL } from '../../../agent/model/row.ts';
import type { RingRecord } from '../../../agent/record/slots.ts';
import { rowOf } from '../../helpers/snapshot.ts';

const MIB = 2 ** 20;
const STANDARD = createPolicy({ preset: 'standard' });

/** One sample a second of a container of 100 MiB, classified as the agent would. */
function recorded(usesMib: readonly number[], policy: Policy): readonly RingRecord[] {
  let verdict: Verdict | undefined;
  return usesMib.map((usedMib, index) => {
    const row = rowOf({
      wallMs: 1_795_300_000_000 + index * 1000,
      monotonicMs: 5000 + index * 1000,
      cgroupLimitBytes: 100 * MIB,
      cgroupUsageBytes: usedMib * MIB,
      cgroupUnreclaimableBytes: usedMib * MIB,
    });
    verdict = classify(row, policy, verdict);
    writeVerdict(row, verdict);
    return { sequence: index + 1, row };
  });
}

const UP_AND_DOWN = [...ramp(40, 95), ...ramp(95, 40), ...Array.from({ length: 60 }, () => 40)];

function ramp(from: number, to: number): readonly number[] {
  return Array.from({ length: 28 }, (_, index) => from + ((to - from) * index) / 27);
}

test('the same policy gives the same level at every record', () => {
  const records = recorded(UP_AND_DOWN, STANDARD);
  const { changes, agreementRatio, secondsRecorded, secondsReplayed } = replayed({ records }, STANDARD);
  assert.equal(agreementRatio, 1);
  assert.deepEqual(secondsReplayed, secondsRecorded);
  assert.deepEqual(
    changes.map(({ to }) => to),
    ['elevated', 'high', 'critical', 'high', 'elevated', 'normal'],
  );
  assert.match(changes[0]?.reasons.join() ?? '', /^container at 0\.7\d of its limit, elevated from 0\.70$/);
});

test('a drill in the recording is left out of the levels, and explains where they differ', () => {
  const drill = recorded(UP_AND_DOWN, STANDARD).map(({ sequence, row }) => {
    if (sequence > 10 && sequence < 70) row[COL.drillLevel] = 2;
    if (sequence > 10 && sequence < 70) row[COL.level] = Math.max(2, row[COL.level] ?? 0);
    return { sequence, row };
  });
  const found = replayed({ records: drill }, STANDARD);
  assert.equal(found.agreementRatio, 1);
  assert.ok(found.drilled > 20 && found.drilled < 59, `${found.drilled}`);
  assert.deepEqual(
    found.changes.map(({ to }) => to),
    ['elevated', 'high', 'critical', 'high', 'elevated', 'normal'],
  );
});

test('it starts from nothing where the recording begins in the middle, and agrees again afterwards', () => {
  const records = recorded(UP_AND_DOWN, STANDARD).slice(22);
  const { agreementRatio = 0 } = replayed({ records }, STANDARD);
  assert.ok(agreementRatio < 1 && agreementRatio > 0.95, `${agreementRatio}`);
});

test('another policy gives other levels, and the agreement says how many', () => {
  const records = recorded(UP_AND_DOWN, STANDARD);
  const early = replayed({ records }, createPolicy({ preset: 'early' }));
  assert.ok((early.agreementRatio ?? 1) < 1);
  assert.ok(early.secondsReplayed.critical > early.secondsRecorded.critical);
  const total = (seconds: object): number => Object.values(seconds).reduce((sum, each: number) => sum + each, 0);
  assert.equal(total(early.secondsReplayed), records.length - 1);
  assert.equal(total(early.secondsRecorded), records.length - 1);
});

test('a recording without records agrees with nothing', () => {
  const { changes, agreementRatio } = replayed({ records: [] }, STANDARD);
  assert.deepEqual([changes, agreementRatio], [[], undefined]);
});
