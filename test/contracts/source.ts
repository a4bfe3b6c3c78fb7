/**
 * What every source keeps, whatever it reads. A source's own test calls `sourceContract` once and then says only what
 * its numbers mean.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { COLUMNS, createRow, type ColumnName, type Row } from '../../agent/model/row.ts';
import type { Source, SourceFactory, World } from '../../agent/model/source.ts';
import { nodeRuntime } from '../../instrumentation/sources/runtime.ts';

export interface ReadingContract {
  readonly create: SourceFactory;
  readonly world?: Partial<World>;
  /** Readings that may be NaN though nothing is wrong: there is none yet, or this version has none. */
  readonly mayBeAbsent?: readonly ColumnName[];
}

export interface SourceContract extends ReadingContract {
  /** The source's module, relative to the project: `instrumentation/sources/host.ts`. */
  readonly module: string;
  /** What the module exports it as. */
  readonly factory: string;
  /** Garbage of a read and a probe together, bytes: what it may be at most. */
  readonly garbageBytes: number;
}

/** The machine itself, with nothing asked of it. */
export function createWorld(overrides: Partial<World> = {}): World {
  return {
    root: '',
    platform: process.platform,
    runtime: nodeRuntime,
    execArgv: [],
    nodeOptions: '',
    processBudgetBytes: undefined,
    monotonicMs: () => performance.now(),
    requestSample: () => {},
    ...overrides,
  };
}

/** No reading has this value. */
const UNTOUCHED = -7;
/** Growth over 10 000 reads that is still noise of V8 itself; one retained object per read would be above 160 kB. */
const RETAINED_BYTES = 64 * 1024;

/** The part of the contract that holds for whatever a source reads from: this machine, or a recording of another. */
export function readingContract(contract: ReadingContract): void {
  const { create } = contract;
  const world = createWorld(contract.world);

  test('fills its readings and touches no other column', () => {
    withSource(create, world, (source) => {
      const row = createRow().fill(UNTOUCHED);
      source.read(row);
      assert.deepEqual(touched(row), inRowOrder(source.readings));
    });
  });

  test('its probe refreshes its probed readings and touches no other column', () => {
    withSource(create, world, (source) => {
      const row = createRow().fill(UNTOUCHED);
      source.probe?.(row);
      assert.deepEqual(touched(row), inRowOrder(source.probed ?? []));
      const readings = new Set(source.readings);
      assert.ok((source.probed ?? []).every((reading) => readings.has(reading)));
    });
  });

  test('explains every reading that it cannot give', () => {
    withSource(create, world, (source) => assertExplained(source, contract.mayBeAbsent ?? []));
  });

  test('can be closed and read, twice each', () => {
    const source = create(world);
    const row = createRow();
    for (let i = 0; i < 2; i += 1) {
      source.close();
      source.read(row);
      source.probe?.(row);
      source.unavailable();
    }
  });
}

export function sourceContract(contract: SourceContract): void {
  const { create } = contract;
  const world = createWorld(contract.world);
  readingContract(contract);

  test('explains every reading when there is nothing to read, or nothing that makes sense', () => {
    for (const content of NONSENSE) {
      const root = nonsenseTree(content);
      withSource(create, { ...world, root, platform: 'linux' }, (source) =>
        assertExplained(source, contract.mayBeAbsent ?? []),
      );
      rmSync(root, { recursive: true });
    }
  });

  test('explains every reading that another platform does not have', () => {
    withSource(create, { ...world, platform: 'darwin' }, (source) =>
      assertExplained(source, contract.mayBeAbsent ?? []),
    );
  });

  test('retains nothing over 10 000 reads, and makes little garbage', async (t) => {
    const { retainedBytes, garbageBytes } = await measure(contract);
    t.diagnostic(`${garbageBytes} bytes of garbage a read and probe, ${retainedBytes} bytes retained after 10 000`);
    assert.ok(retainedBytes < RETAINED_BYTES, `${retainedBytes} bytes retained`);
    assert.ok(garbageBytes <= contract.garbageBytes, `${garbageBytes} bytes of garbage a read`);
  });
}

function withSource(create: SourceFactory, world: World, use: (source: Source) => void): void {
  const source = create(world);
  try {
    use(source);
  } finally {
    source.close();
  }
}

function touched(row: Row): string[] {
  return COLUMNS.filter((_, index) => row[index] !== UNTOUCHED);
}

function inRowOrder(names: readonly ColumnName[]): string[] {
  const wanted = new Set(names);
  return COLUMNS.filter((name) => wanted.has(name));
}

function assertExplained(source: Source, mayBeAbsent: readonly ColumnName[]): void {
  const row = createRow();
  source.read(row);
  source.probe?.(row);
  const explained = new Set<ColumnName>();
  for (const gap of source.unavailable()) {
    explained.add(gap.reading);
    assert.equal(gap.source, source.name);
    assert.match(gap.detail, /\S/);
    assert.match(gap.repair, /\S/);
    assert.doesNotMatch(gap.detail + gap.repair, /[\r\n]/);
  }
  for (const reading of source.readings) {
    if (mayBeAbsent.includes(reading)) continue;
    const value = row[COLUMNS.indexOf(reading)] ?? Number.NaN;
    assert.equal(explained.has(reading), Number.isNaN(value), `${reading} is ${value}`);
  }
  for (const fact of Object.values(source.facts())) assert.ok(['string', 'number', 'boolean'].includes(typeof fact));
}

const FILES = [
  'proc/meminfo',
  'proc/self/stat',
  'proc/self/statm',
  'proc/self/cgroup',
  'proc/self/mountinfo',
  ...['memory.max', 'memory.current', 'memory.stat', 'memory.events', 'memory.pressure', 'cgroup.controllers'].map(
    (name) => `sys/fs/cgroup/${name}`,
  ),
  ...['memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.stat', 'memory.failcnt', 'memory.oom_control'].map(
    (name) => `sys/fs/cgroup/memory/${name}`,
  ),
];
/** What each of the files holds; undefined: there is none. */
const NONSENSE: readonly (string | undefined)[] = [
  undefined,
  '',
  '\n',
  'garbage',
  '-1\n',
  '\0\0\0\0',
  ')\n(',
  'MemTotal:\nMemAvailable: kB\nSwapTotal: -1 kB\nSwapFree: 1.5 kB\n',
  '9 9 9\n'.replaceAll('9', 'x9'),
  '\u00ff'.repeat(10_000),
];

function nonsenseTree(content: string | undefined): string {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-nonsense-'));
  for (const file of FILES) {
    if (content === undefined) break;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return root;
}

interface Garbage {
  readonly retainedBytes: number;
  readonly garbageBytes: number;
}

async function measure(contract: SourceContract): Promise<Garbage> {
  const script = fileURLToPath(new URL('./source-garbage.ts', import.meta.url));
  const module = new URL(`../../${contract.module}`, import.meta.url).href;
  const budget = contract.world?.processBudgetBytes ?? '';
  // Compiling on the main thread makes the figures the same every time, however busy the machine is.
  const semiSpace = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
  const flags = ['--expose-gc', '--no-concurrent-recompilation', ...semiSpace];
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...flags, script, module, contract.factory, `${budget}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return JSON.parse(await text(child.stdout)) as Garbage;
}
