/** Captures by real processes that come to critical: what they leave behind, and what they leave alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { describe, type TestContext } from 'node:test';

import { AGENT, startNode, type RunResult } from '../helpers/run-node.ts';

const OLD = join(import.meta.dirname, '../fixtures/apps/otlp/old.cjs');
const MIB = 2 ** 20;
const BUDGET_BYTES = 192 * MIB;

/** Comes over a part of its budget, and a while later over the next; ends with its stdin. */
const FILLS = `
  const kept = [];
  const fill = (ratio) => { while (process.memoryUsage.rss() < ratio * ${BUDGET_BYTES}) kept.push(Buffer.alloc(1 << 20, 1)); };
  const [first, ...rest] = (process.env.RATIOS ?? '0.97').split(',').map(Number);
  fill(first);
  for (const ratio of rest) setTimeout(fill, 1500, ratio);
  process.stdin.resume().on('end', () => console.log('ended', kept.length));
`;

interface Story {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  /** Runs before FILLS. */
  readonly program?: string;
  /** On stderr, when it has done what it does. */
  readonly until: RegExp;
  readonly isYoung?: boolean;
}

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'captures-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(folder: string, story: Story): Promise<RunResult> {
  const running = startNode({
    preload: 'none',
    args: [
      ...(story.nodeArgs ?? []),
      ...(story.isYoung === true ? [] : ['-r', OLD]),
      '-r',
      AGENT,
      '-e',
      `${story.program ?? ''}${FILLS}`,
      '--',
      '--password=hunter2',
    ],
    env: {
      PLIMSOLL_DATA_DIR: folder,
      PLIMSOLL_PROCESS_BUDGET: String(BUDGET_BYTES),
      PLIMSOLL_EXPORTER: 'none',
      OTEL_LOG_LEVEL: 'info',
      DATABASE_URL: 'postgres://me:hunter2@db',
      ...story.env,
    },
    timeoutMs: 40_000,
  });
  await running.until(story.until, 'stderr');
  running.child.stdin.end();
  const result = await running.ended;
  assert.equal(result.code, 0, result.report);
  assert.match(result.stdout, /ended \d+/, result.report);
  return result;
}

function capturesIn(folder: string): readonly string[] {
  const captures = join(folder, 'captures');
  return existsSync(captures) ? readdirSync(captures).map((name) => join(captures, name)) : [];
}

describe('captures at critical', { concurrency: 3 }, () => {
  test('a report is written, for the owner only, and has what led to it but no secret', async (t) => {
    const folder = dataFolder(t);
    await run(folder, { until: /report written to .*report\.json/ });
    const [path, ...others] = capturesIn(folder);
    assert.ok(path !== undefined && others.length === 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(statSync(path).size < 256 * 1024);
    const text = readFileSync(path, 'utf8');
    assert.doesNotMatch(text, /hunter2|DATABASE_URL/);
    const report = JSON.parse(text) as {
      assessment: { level: string; binding: string };
      history: { columns: string[]; rows: (number | null)[][] };
    };
    assert.deepEqual([report.assessment.level, report.assessment.binding], ['critical', 'budget']);
    const rss = report.history.rows.at(-1)?.[report.history.columns.indexOf('processRssBytes')];
    assert.ok((rss ?? 0) > 0.9 * BUDGET_BYTES, String(rss));
  });

  test('in observe mode nothing is written, and it is said what would have been', async (t) => {
    const folder = dataFolder(t);
    await run(folder, {
      env: { PLIMSOLL_MODE: 'observe' },
      until: /write-report skipped: observe: would write a report/,
    });
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a process younger than ten seconds writes nothing', async (t) => {
    const folder = dataFolder(t);
    const { stderr } = await run(folder, { isYoung: true, until: /pressure critical/ });
    assert.doesNotMatch(stderr, /write-report/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('with PLIMSOLL_CAPTURE=off nothing is written', async (t) => {
    const folder = dataFolder(t);
    const { stderr } = await run(folder, { env: { PLIMSOLL_CAPTURE: 'off' }, until: /pressure critical/ });
    assert.doesNotMatch(stderr, /write-report/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a folder that cannot be used is one line, and the application goes on', async (t) => {
    const folder = join(dataFolder(t), 'file');
    writeFileSync(folder, '');
    const { stderr } = await run(folder, { until: /PLM_ACTION_FAILED: write-report failed: .*ENOTDIR/ });
    assert.equal(stderr.match(/write-report/g)?.length, 1, stderr);
  });

  test('a read-only folder is one line, and the application goes on', async (t) => {
    const folder = mounted(t, '1m', 'ro');
    if (folder === undefined) return t.skip('no tmpfs can be mounted here');
    await run(folder, { until: /PLM_ACTION_FAILED: write-report failed: .*EROFS/ });
  });

  test('a full disk is left alone', async (t) => {
    const folder = mounted(t, '64k', 'rw');
    if (folder === undefined) return t.skip('no tmpfs can be mounted here');
    writeFileSync(join(folder, 'filler'), Buffer.alloc(48 * 1024));
    await run(folder, { until: /write-report skipped: no report: .*more than a tenth of what is free/ });
    assert.deepEqual(capturesIn(folder), []);
  });

  test('the oldest captures give way to a new one', async (t) => {
    const folder = dataFolder(t);
    mkdirSync(join(folder, 'captures'));
    const oldest = join(folder, 'captures/capture-20200101T000000000Z-x.heapsnapshot');
    writeFileSync(oldest, Buffer.alloc(MIB));
    await run(folder, { env: { PLIMSOLL_CAPTURE_QUOTA: '1MiB' }, until: /report written to/ });
    assert.equal(capturesIn(folder).length, 1);
    assert.equal(existsSync(oldest), false);
  });

  test('a heap profile is of what was allocated from elevated on', async (t) => {
    const folder = dataFolder(t);
    const allocates = `
      const objects = [];
      const allocation = setInterval(function grows() { for (let i = 0; i < 2000; i++) objects.push({ i, of: [i] }); }, 20);
      process.stdin.on('end', () => clearInterval(allocation));`;
    await run(folder, {
      env: { PLIMSOLL_CAPTURE: 'profile', RATIOS: '0.72,0.97' },
      program: allocates,
      until: /profile written to/,
    });
    const profile = capturesIn(folder).find((path) => path.endsWith('.heapprofile')) ?? '';
    assert.equal(statSync(profile).mode & 0o777, 0o600);
    assert.match(readFileSync(profile, 'utf8'), /"functionName":"grows"/);
  });

  test("the application's own profiler is left alone, and there is no heap profile", async (t) => {
    const folder = dataFolder(t);
    const profiles = `
      const { Session } = require('node:inspector');
      const session = new Session();
      session.connect();
      session.post('HeapProfiler.startSampling');
      process.stdin.on('end', () => session.post('HeapProfiler.stopSampling', (error, { profile }) => console.log('own profile', !error && 'head' in profile)));`;
    const { stdout } = await run(folder, {
      env: { PLIMSOLL_CAPTURE: 'profile' },
      program: profiles,
      until: /does not sample the heap: another heap profiler runs(?:[^]*)no heap profile: the heap is not sampled/,
    });
    assert.match(stdout, /own profile true/);
    assert.deepEqual(
      capturesIn(folder).map((path) => path.replace(/^.*\.(\w+)\.json$/, '$1')),
      ['report'],
    );
  });

  test('under an inspector there is no heap profile', async (t) => {
    await run(dataFolder(t), {
      env: { PLIMSOLL_CAPTURE: 'profile' },
      nodeArgs: ['--inspect=127.0.0.1:0'],
      until: /does not sample the heap: an inspector listens in this process/,
    });
  });

  test('a heap snapshot is whole and for the owner only, where memory, pause and disk allow', async (t) => {
    const folder = dataFolder(t);
    await run(folder, { env: { PLIMSOLL_CAPTURE: 'snapshot' }, until: /snapshot written to/ });
    const path = capturesIn(folder).find((each) => each.endsWith('.heapsnapshot')) ?? '';
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const { nodes } = JSON.parse(readFileSync(path, 'utf8')) as { nodes: number[] };
    assert.ok(nodes.length > 10_000);
  });

  test('a heap snapshot that would hold up the application for long is refused', async (t) => {
    const folder = dataFolder(t);
    const { stderr } = await run(folder, {
      env: { PLIMSOLL_CAPTURE: 'snapshot' },
      program: 'const numbers = new Array(14e6).fill(0.5); process.on("exit", () => numbers.length);',
      until: /no heap snapshot: it would hold up the event loop for more than 10 s/,
    });
    assert.match(stderr, /report written to/);
    assert.equal(capturesIn(folder).length, 1);
  });
});

/** A small file system of its own, with a folder for captures; undefined: it cannot be had. */
function mounted(t: TestContext, size: string, how: 'ro' | 'rw'): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'captures-'));
  t.after(() => {
    spawnSync('umount', [folder]);
    rmdirSync(folder);
  });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status !== 0) return undefined;
  mkdirSync(join(folder, 'captures'));
  return spawnSync('mount', ['-o', `remount,${how}`, folder]).status === 0 ? folder : undefined;
}
