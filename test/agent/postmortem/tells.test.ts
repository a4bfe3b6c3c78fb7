/** What a post-mortem tells beside its verdict: the last state, caches, work, time line, repair; and as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { investigate, postmortemText } from '../../../agent/postmortem/index.ts';
import { EMPTY_NOTE } from '../record/ring-fixture.ts';
import { rowOf } from '../../helpers/snapshot.ts';
import { found, LAST_MS, MIB, rowsOf, type Life, type Values } from './found-death.ts';

const IN_CONTAINER: Values = {
  level: 3,
  pressureRatio: 0.97,
  bindingConstraint: 1,
  headroomBytes: 7.5 * MIB,
  cgroupUnreclaimableBytes: 248.5 * MIB,
  containerUsageBytes: 248.5 * MIB,
  containerUtilizationRatio: 0.97,
  containerGrowthBytesPerSecond: 200 * MIB,
  heapOldLimitBytes: 256 * MIB,
  heapSizeLimitBytes: 259 * MIB,
  heapExternalBytes: 220 * MIB,
  processRssBytes: 250 * MIB,
};
const KILLED: Life = {
  last: IN_CONTAINER,
  growth: { cgroupUnreclaimableBytes: 200 * MIB },
  ending: { code: null, signal: 'SIGKILL' },
  evidence: { oomKillsAfter: 3 },
  diedAfterMs: 40,
};

test('the text says how it ended, how sure that is, what was measured last, what was tried, and the repair', () => {
  const note = {
    ...EMPTY_NOTE,
    names: ['users', 'nightly', 'import'],
    actions: [{ action: 'reclaim', outcome: 'done', count: 4 } as const],
    caches: [
      {
        name: 'users',
        library: 'lru-cache',
        priority: 'normal',
        isDiscovered: false,
        entries: 1200,
        bytes: 20 * MIB,
        sizeSource: 'own',
        limit: { entries: undefined, bytes: undefined },
        capEntries: undefined,
        counts: { hit: 1, miss: 1, expired: 0, evictions: { capacity: 0, ttl: 0, pressure: 0, manual: 0 } },
      } as const,
    ],
    events: [
      { name: 'plimsoll.agent.degraded', wallMs: LAST_MS - 50_000, severity: 'WARN', text: 'no PSI', attributes: {} },
      {
        name: 'plimsoll.action.finished',
        wallMs: LAST_MS - 900,
        severity: 'INFO',
        text: 'reclaim: 8 MiB',
        attributes: {},
      },
    ] as const,
  };
  const named: Life = {
    ...KILLED,
    note,
    last: { ...IN_CONTAINER, cache1Name: 0, cache1Bytes: 30 * MIB, jobName: 1, stageName: 2 },
    growth: { ...KILLED.growth, cache1Bytes: 10 * MIB },
  };
  assert.equal(
    postmortemText(investigate(found(named))).join('\n'),
    `checkout died: the kernel killed it for want of memory (kernel_oom, observed)
died at 2026-11-21T22:26:40.040Z, after 60 s, SIGKILL (pid 1, Node.js 24.21.0)
because: SIGKILL, and the kernel counted 1 killed for want of memory in its group since the last record
because: container: 249 MiB of 256 MiB (97.1 %), growing 200 MiB/s
because: heap: 32 MiB of 256 MiB (12.5 %), not growing
last sample 40 ms before the end: level critical, binding constraint container at 97 %
container: 249 MiB used of 256 MiB, 7.5 MiB left, growing 200 MiB/s; RSS 250 MiB, heap 33 MiB, external 220 MiB
cache users (lru-cache): 30 MiB, 1200 entries, 9.5 MiB more than at the first record
at work on: nightly, import
tried: reclaim done 4×
2026-11-21T22:26:39.100Z reclaim: 8 MiB
repair: Buffers and the like held 220 MiB, the heap 33 MiB: find who holds them, or raise the container's limit. And the heap may grow to 259 MiB and does not fit the container; NODE_OPTIONS=--max-old-space-size=189 does
recording: /rings/x.ring`,
  );
});

test('the repair follows from the cause and from which ceiling it was', () => {
  const repair = (life: Life): string | null => investigate(found(life)).repair;
  const fitting = { ...IN_CONTAINER, heapOldLimitBytes: 150 * MIB, heapSizeLimitBytes: 153 * MIB };
  assert.match(
    repair({ ...KILLED, last: fitting }) ?? '',
    /^Buffers and the like held 220 MiB, the heap 33 MiB: find who holds them, or raise the container's limit$/,
  );
  assert.match(
    repair({ ...KILLED, last: { ...fitting, heapExternalBytes: MIB } }) ?? '',
    /^the heap fits the container, so native memory or a neighbour filled it/,
  );
  assert.match(
    repair({ ...KILLED, last: { ...IN_CONTAINER, heapExternalBytes: MIB, cgroupLimitBytes: 64 * MIB } }) ?? '',
    /^64 MiB are too little for any heap/,
  );
  const aborted: Life = { evidence: { fatalReport: { path: '/r', trigger: 'OOMError', event: 'no memory' } } };
  assert.match(
    repair({ ...aborted, last: fitting }) ?? '',
    /the heap was full; raise .*at most NODE_OPTIONS=--max-old-space-size=189 fits/,
  );
  const full = { ...fitting, heapOldLimitBytes: 200 * MIB, heapSizeLimitBytes: 203 * MIB };
  assert.match(repair({ ...aborted, last: full }) ?? '', /256 MiB have no room for a larger one/);
  const worker = { workerThreadId: 3, workerUtilizationRatio: 0.97 };
  assert.match(repair({ exitCode: 1, last: worker }) ?? '', /^worker thread 3 was full; raise maxOldGenerationSizeMb/);
  assert.equal(repair({ exitCode: 1 }), null);
  assert.equal(repair({ exitCode: 0, last: IN_CONTAINER }), null);
  const killed: Life = { ending: { code: null, signal: 'SIGKILL' }, evidence: { oomKillsAfter: 2 } };
  assert.match(repair(killed) ?? '', /memory was not short then: look for another cause/);
  assert.equal(repair({ ...killed, last: { level: 2 } }), null);
});

test('what was not measured is null, and a process without a sample has a post-mortem all the same', () => {
  const { last, timeline, caches, diedMs } = investigate(found({ rows: [rowOf({ wallMs: LAST_MS })] }));
  assert.equal(diedMs, null);
  assert.deepEqual(last, {
    wallMs: LAST_MS,
    ageSeconds: null,
    level: 'normal',
    binding: null,
    pressureRatio: null,
    headroomBytes: null,
    growthBytesPerSecond: null,
    timeToLimitSeconds: null,
    rssBytes: null,
    heapUsedBytes: null,
    externalBytes: null,
    constraints: [],
  });
  assert.deepEqual([timeline.length, caches], [1, []]);
  const none = investigate(found({ rows: [] }));
  assert.deepEqual([none.last, none.timeline, none.repair], [null, [], null]);
  assert.ok(postmortemText(none).length > 2);
  assert.deepEqual(JSON.parse(JSON.stringify(none)), none, 'it is plain JSON');
});

test('the time line keeps at most 120 points of the last minutes, the last moments in more detail', () => {
  const rows = Array.from({ length: 1000 }, (_, index) =>
    rowOf({
      wallMs: LAST_MS - (999 - index) * 1000,
      monotonicMs: index * 1000,
      level: 1,
      pressureRatio: 0.5,
    }),
  );
  const { timeline } = investigate(found({ rows }));
  assert.ok(timeline.length > 90 && timeline.length <= 120, String(timeline.length));
  assert.equal(timeline.at(-1)?.wallMs, LAST_MS);
  assert.ok((timeline[0]?.wallMs ?? 0) >= LAST_MS - 15 * 60_000);
  const late = timeline.filter(({ wallMs }) => wallMs >= LAST_MS - 90_000);
  assert.ok(late.length > 30, String(late.length));
  assert.deepEqual(investigate(found({ rows: rowsOf({}) })).timeline.length, 20);
});
