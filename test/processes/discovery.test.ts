/** Caches of an unchanged application are found, in real processes with every library, and nothing about the application changes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { CacheStatus } from '../../agent/model/cache.ts';
import { appIn } from '../../scripts/install-apps.ts';
import { bundle } from '../helpers/bundle.ts';
import { AGENT, runNode, startNode, type Preload } from '../helpers/run-node.ts';

const { folder, skip } = appIn('caches');
const HOOKS = fileURLToPath(new URL('../fixtures/apps/discovery', import.meta.url));
const TELL = join(folder, 'tell-caches.cjs');

/** `library:entries`, in the order of test/apps/caches/uses-*. */
const EVERY = [
  ...[1, 2, 3, 4, 5, 6].map((entries) => `lru-cache:${entries}`),
  'quick-lru:7',
  'quick-lru:8',
  'node-cache:9',
  ...[10, 11, 12].map((entries) => `keyv:${entries}`),
  'cacheable:13',
  'keyv:14',
  'lru-cache:15',
];
/** Those whose module is CommonJS though an ES module imports it. */
const EVERY_OF_COMMONJS = ['quick-lru:8', 'node-cache:9', 'keyv:12', 'lru-cache:15'];

interface Story {
  readonly program: string;
  readonly reclaim: 'off' | 'registered' | 'auto';
  readonly preload?: Preload;
}

function start({ program, reclaim, preload = 'require' }: Story) {
  return startNode({
    args: ['-r', TELL, join(folder, program)],
    preload,
    env: { PLIMSOLL_RECLAIM: reclaim },
    cwd: folder,
  });
}

function cachesIn(line: string): readonly CacheStatus[] {
  return JSON.parse(line) as readonly CacheStatus[];
}

const named = ({ library, entries }: CacheStatus): string => `${library}:${entries}`;

/** What the agent knows as soon as it knows this many caches, all of them with their entries; then the program ends. */
async function foundIn(story: Story, expected: readonly string[]) {
  const running = start(story);
  const last = (): readonly CacheStatus[] => {
    const line = running
      .stderr()
      .split('\n')
      .slice(0, -1)
      .findLast((text) => text.startsWith('caches '));
    return line === undefined ? [] : cachesIn(line.slice('caches '.length));
  };
  const isWhole = (caches: readonly CacheStatus[]): boolean =>
    caches.map(named).toSorted().join() === expected.toSorted().join();
  await new Promise<void>((resolve) => {
    running.child.stderr.on('data', () => {
      if (isWhole(last())) resolve();
    });
    void running.ended.then(() => resolve());
    setTimeout(resolve, 16_000).unref();
  });
  const caches = last();
  running.child.stdin.end();
  return { caches, result: await running.ended };
}

describe('caches are found without code change', { skip, concurrency: 2 }, () => {
  const stories: readonly (Story & { readonly name: string; readonly expected: readonly string[] })[] = [
    { name: 'required', program: 'uses-required.cjs', reclaim: 'registered', expected: EVERY },
    { name: 'required, --import', program: 'uses-required.cjs', reclaim: 'auto', preload: 'import', expected: EVERY },
    { name: 'imported', program: 'uses-imported.mjs', reclaim: 'auto', expected: EVERY },
    { name: 'imported, --import', program: 'uses-imported.mjs', reclaim: 'auto', preload: 'import', expected: EVERY },
    {
      name: 'imported, without a hook: those that are CommonJS',
      program: 'uses-imported.mjs',
      reclaim: 'registered',
      expected: EVERY_OF_COMMONJS,
    },
  ];
  for (const { name, expected, ...story } of stories) {
    test(name, async () => {
      const { caches, result } = await foundIn(story, expected);
      assert.deepEqual(caches.map(named).toSorted(), expected.toSorted(), result.report);
      for (const { isDiscovered, bytes, limit, library } of caches) {
        assert.ok(isDiscovered);
        assert.ok(bytes > 0, library);
        if (library === 'lru-cache' || library === 'quick-lru') assert.equal(limit.entries, 100);
      }
      const plain = start({ ...story, preload: 'none' });
      plain.child.stdin.end();
      const { stdout, stderr } = await plain.ended;
      assert.deepEqual([result.stdout, result.code], [stdout, 0], result.report);
      assert.equal(stderr, '');
      assert.deepEqual(
        result.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('caches ')),
        [],
      );
    });
  }
});

describe('a cache that was found', { skip, concurrency: 2 }, () => {
  const stories = [
    { name: 'is evicted under pressure where PLIMSOLL_RECLAIM=auto', reclaim: 'auto', mode: 'protect' },
    { name: 'is left alone under pressure where it is only observed', reclaim: 'registered', mode: 'protect' },
    { name: 'is left alone under pressure in observe mode', reclaim: 'auto', mode: 'observe' },
  ] as const;
  for (const { name, reclaim, mode } of stories) {
    test(name, async () => {
      const running = startNode({
        args: ['-r', TELL, join(folder, 'fills-memory.cjs')],
        env: { PLIMSOLL_RECLAIM: reclaim, PLIMSOLL_MODE: mode, PLIMSOLL_PROCESS_BUDGET: '160MiB' },
        cwd: folder,
      });
      await running.until(/pressure critical/, 'stderr');
      if (reclaim === 'auto' && mode === 'protect') await running.until(/"pressure":[1-9]/, 'stderr');
      else await sleep(1000); // what must not happen; it takes a tenth of this where it does
      running.child.stdin.end();
      const { stdout, report } = await running.ended;
      if (reclaim === 'auto' && mode === 'protect') assert.ok(Number(stdout) < 1000, report);
      else assert.equal(stdout, '1000\n', report);
    });
  }

  test('is evicted in a bundled application too: lru-cache tells of itself', async () => {
    const { path, remove } = bundle(join(folder, 'fills-memory.cjs'));
    try {
      const running = startNode({
        args: ['-r', TELL, path],
        env: { PLIMSOLL_RECLAIM: 'auto', PLIMSOLL_PROCESS_BUDGET: '160MiB' },
      });
      await running.until(/"pressure":[1-9]/, 'stderr');
      running.child.stdin.end();
      const { stdout, report } = await running.ended;
      assert.ok(Number(stdout) < 1000, report);
    } finally {
      remove();
    }
  });

  test('is collected when the application has it no more', async () => {
    const { stdout, report } = await runNode({ args: ['--expose-gc', join(folder, 'drops-a-cache.cjs')], cwd: folder });
    assert.equal(stdout, '0 left, 0 known\n', report);
  });

  test('is not looked for where PLIMSOLL_RECLAIM=off', async () => {
    const running = start({ program: 'uses-required.cjs', reclaim: 'off' });
    await sleep(1000); // a look begins within a fifth of this
    running.child.stdin.end();
    const { stderr, report } = await running.ended;
    assert.equal(stderr, '', report);
  });

  test('is not looked for, and no module is followed, where the mode is off', async () => {
    const { stdout, report } = await runNode({
      preload: 'none',
      args: ['-r', join(HOOKS, 'count-hooks.cjs'), '-r', AGENT, join(HOOKS, 'imports-and-waits.mjs')],
      env: { PLIMSOLL_RECLAIM: 'auto', PLIMSOLL_MODE: 'off' },
    });
    assert.equal(stdout, '1 registered, 0 left\n', report);
  });
});

describe('the module hook is there for ES modules only, and only where found caches are to give memory back', () => {
  const stories = [
    { entry: 'requires.cjs', reclaim: 'auto', preload: '-r', expected: '0 registered, 0 left' },
    { entry: 'requires.cjs', reclaim: 'auto', preload: '--import', expected: '1 registered, 0 left' },
    { entry: 'imports.mjs', reclaim: 'auto', preload: '-r', expected: '1 registered, 1 left' },
    { entry: 'imports.mjs', reclaim: 'auto', preload: '--import', expected: '1 registered, 1 left' },
    { entry: 'imports-later.cjs', reclaim: 'auto', preload: '-r', expected: '1 registered, 1 left' },
    { entry: 'imports-later.cjs', reclaim: 'auto', preload: '--import', expected: '2 registered, 1 left' },
    { entry: 'imports.mjs', reclaim: 'registered', preload: '--import', expected: '0 registered, 0 left' },
    { entry: 'imports.mjs', reclaim: undefined, preload: '-r', expected: '0 registered, 0 left' },
  ];
  for (const { entry, reclaim, preload, expected } of stories) {
    test(`${entry}, ${preload}, ${reclaim ?? 'default'}: ${expected}`, async () => {
      const { stdout, report } = await runNode({
        preload: 'none',
        args: ['-r', join(HOOKS, 'count-hooks.cjs'), preload, AGENT, join(HOOKS, entry)],
        env: { PLIMSOLL_RECLAIM: reclaim },
      });
      assert.equal(stdout, `${expected}\n`, report);
    });
  }
});
