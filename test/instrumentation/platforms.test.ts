/**
 * Off Linux: every source keeps its contract on macOS and Windows, fed with what was recorded there, and the classifier makes
 * sense of it. What a recording lacks is listed, so that nothing else may be missing.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import { COL, COLUMNS, createRow, HEAP_SPACES, type ColumnName, type Row } from '../../agent/model/row.ts';
import type { SourceFactory, World } from '../../agent/model/source.ts';
import { createBudgetSource } from '../../instrumentation/sources/budget.ts';
import { createCgroupSource } from '../../instrumentation/sources/cgroup.ts';
import { createEventLoopSource } from '../../instrumentation/sources/event-loop.ts';
import { createGcSource } from '../../instrumentation/sources/gc.ts';
import { createHostSource } from '../../instrumentation/sources/host.ts';
import { createProcessSource } from '../../instrumentation/sources/process.ts';
import { createV8Source } from '../../instrumentation/sources/v8.ts';
import { playRows, STANDARD } from '../agent/classify/recording.ts';
import { createWorld, readingContract } from '../contracts/source.ts';
import { type Moment, type PlatformRecording, platformRecordings, runtimeOf } from '../helpers/platform-recording.ts';

const RECORDINGS = platformRecordings();
const PLATFORMS = ['darwin', 'win32'] as const;

/** They ask Node.js nothing that differs between platforms, or read nothing off Linux. */
const ELSEWHERE_TOO: readonly (readonly [name: string, create: SourceFactory, mayBeAbsent?: readonly ColumnName[]])[] =
  [
    ['budget', (world) => createBudgetSource({ ...world, processBudgetBytes: 2 ** 30 })],
    ['cgroup', createCgroupSource],
    ['event-loop', createEventLoopSource, COLUMNS.filter((column) => column.startsWith('loopDelay'))],
    ['gc', (world) => createGcSource(world)],
  ];

interface RecordedSource {
  readonly name: string;
  readonly create: SourceFactory;
  readonly isRecorded: (moment: Moment) => boolean;
  /** Readings whose raw numbers the moment does not have. */
  readonly missing: (moment: Moment) => readonly ColumnName[];
}

const RECORDED_SOURCES: readonly RecordedSource[] = [
  {
    name: 'v8',
    create: createV8Source,
    isRecorded: (moment) => 'heapSpaceStatistics' in moment,
    missing: missingOfV8,
  },
  {
    name: 'process',
    create: createProcessSource,
    isRecorded: (moment) => 'pageFaults' in moment || 'memoryUsage' in moment,
    missing: (moment) => [
      ...absentUnless<ColumnName>('residentBytes' in moment || 'memoryUsage' in moment, 'processRssBytes'),
      ...absentUnless<ColumnName>('pageFaults' in moment, 'processMinorFaults', 'processMajorFaults'),
      ...absentUnless<ColumnName>('uptimeSeconds' in moment, 'processUptimeSeconds'),
    ],
  },
  {
    name: 'host',
    create: createHostSource,
    isRecorded: (moment) => 'totalMemoryBytes' in moment,
    missing: () => [],
  },
];

function absentUnless<T>(isThere: boolean, ...readings: readonly T[]): readonly T[] {
  return isThere ? [] : readings;
}

function missingOfV8({
  heapStatistics = {},
  heapSpaceStatistics = [],
  memoryUsage,
  totalMemoryBytes,
}: Moment): readonly ColumnName[] {
  const spaces = new Set(heapSpaceStatistics.map(({ space_name }) => space_name));
  return [
    'heapLiveBytes', // known after a collection
    ...absentUnless<ColumnName>(totalMemoryBytes !== undefined, 'heapOldLimitBytes'),
    ...absentUnless<ColumnName>(spaces.has('new_large_object_space'), 'heapNewLargeUsedBytes'),
    ...absentUnless<ColumnName>('external_memory' in heapStatistics, 'heapExternalBytes'),
    ...absentUnless<ColumnName>('malloced_memory' in heapStatistics, 'heapMallocedBytes'),
    ...absentUnless<ColumnName>(memoryUsage !== undefined, 'heapArrayBuffersBytes'),
    ...HEAP_SPACES.filter((space) => !spaces.has(space)).flatMap((space) =>
      COLUMNS.filter((column) => column.startsWith(space)),
    ),
  ];
}

function worldOf(recording: PlatformRecording, moment: Moment): Partial<World> {
  const { platform, execArgv } = recording;
  return { root: '/nowhere', platform, execArgv, runtime: runtimeOf(recording, moment) };
}

for (const platform of PLATFORMS) {
  for (const [name, create, mayBeAbsent = []] of ELSEWHERE_TOO) {
    describe(`the ${name} source on ${platform}`, () => {
      readingContract({ create, world: { root: '/nowhere', platform }, mayBeAbsent });
    });
  }
}

for (const recording of RECORDINGS) {
  for (const [index, moment] of recording.moments.entries()) {
    for (const { name, create, isRecorded, missing } of RECORDED_SOURCES) {
      if (!isRecorded(moment)) continue;
      describe(`the ${name} source on ${recording.name}, moment ${index}`, () => {
        const world = worldOf(recording, moment);
        readingContract({ create, world, mayBeAbsent: missing(moment) });

        test('what does not exist there is said to be so, with what helps', () => {
          const source = create(createWorld(world));
          for (const { reading, code, repair } of source.unavailable()) {
            if (missing(moment).includes(reading)) continue;
            assert.equal(code, 'platform', reading);
            assert.match(repair, /^(none: \w|run a Node\.js with )/);
          }
          source.close();
        });
      });
    }
  }
}

test('there is a recording of the heap and one of the machine for each platform', () => {
  for (const platform of PLATFORMS) {
    const moments = RECORDINGS.filter((recording) => recording.platform === platform).flatMap(
      ({ moments: all }) => all,
    );
    for (const { name, isRecorded } of RECORDED_SOURCES) assert.ok(moments.some(isRecorded), `${name} on ${platform}`);
  }
});

interface Changes {
  readonly uv?: string;
  readonly machine?: Moment;
}

/** The sources of a recorded moment, read into one row. */
function rowOf(name: string, { uv, machine }: Changes = {}): Row {
  const recording = RECORDINGS.find((each) => each.name === name);
  assert.ok(recording !== undefined, name);
  const moment: Moment = { ...recording.moments[0], ...machine };
  const versions = { ...recording.versions, ...(uv === undefined ? {} : { uv }) };
  const world = createWorld(worldOf({ ...recording, versions }, moment));
  const row = createRow();
  for (const { create, isRecorded } of RECORDED_SOURCES) if (isRecorded(moment)) create(world).read(row);
  return row;
}

/** What the classifier says after the same row came for ten seconds. */
function judged(row: Row): string {
  const rows = Array.from({ length: 10 }, (_, second) => {
    const later = row.slice();
    later[COL.monotonicMs] = second * 1000;
    return later;
  });
  const { level, binding, pressureRatio } = playRows(rows, STANDARD).at(-1)?.assessment ?? IDLE_ASSESSMENT;
  return `${level} ${binding ?? 'nothing'} ${pressureRatio.toFixed(2)}`;
}

/** Not recorded in diagnostic reports; from 4 GiB on V8's young generation does not depend on it. */
const machine = { totalMemoryBytes: 2 ** 33 };

test('an idle Mac with 23 MB of free memory is under no pressure', () => {
  assert.equal(judged(rowOf('darwin-node26-host')), '0 host 0.65');
});

test('free memory of a Mac is not taken for what is available, where libuv tells no better', () => {
  assert.equal(judged(rowOf('darwin-node26-host', { uv: '1.51.0' })), '0 nothing 0.00');
});

test('a laptop with Windows that has 11 % of its memory left is under pressure', () => {
  assert.equal(judged(rowOf('win32-x64-node16-host')), '2 host 0.89');
});

test('a small program has a heap of 2 GiB to itself on a Mac', () => {
  const row = rowOf('darwin-x64-node12-report', { machine });
  assert.equal(row[COL.heapOldLimitBytes], 2 ** 31);
  assert.equal(judged(row), '0 heap 0.00');
});

test('a heap that V8 is about to end is critical on Windows', () => {
  const row = rowOf('win32-x64-node12-death', { machine });
  assert.equal(row[COL.heapOldLimitBytes], 2 ** 31);
  assert.equal(judged(row), '3 heap 1.00');
});

test('a limit of 20 MiB on the command line is the limit on Windows', () => {
  const row = rowOf('win32-x64-node12-report');
  assert.equal(row[COL.heapOldLimitBytes], 20 * 2 ** 20);
  assert.match(judged(row), /^3 heap /);
});

test('soft page faults, which Windows counts as if they waited for a disk, are no reading', () => {
  const row = rowOf('win32-x64-node12-report'); // 23 593 of them, in a process of .4 s
  assert.equal(row[COL.processMajorFaults], Number.NaN);
  assert.equal(rowOf('darwin-x64-node12-report')[COL.processMinorFaults], 5823);
});
