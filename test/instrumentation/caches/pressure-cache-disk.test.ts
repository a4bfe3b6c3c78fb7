/** The disk tier on real folders, with the real cacache: whatever happens to the disk, the cache answers. */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { createPressureCaches } from '../../../instrumentation/caches/pressure-cache.ts';
import type { Cacache } from '../../../instrumentation/caches/pressure-cache-folder.ts';
import { appIn } from '../../../scripts/install-apps.ts';
import { plainCacheContract } from '../../contracts/plain-cache.ts';
import { createLevelAgent } from '../../helpers/level-agent.ts';
import { createTestParts } from '../../helpers/pressure-cache-parts.ts';
import { mountTmpfs, whyNoTmpfs } from '../../helpers/tmpfs.ts';

const app = appIn('pressure-cache');
const root = mkdtempSync(join(tmpdir(), 'plimsoll-pressure-cache-'));
after(() => rmSync(root, { recursive: true, force: true }));
const agent = createLevelAgent();
let names = 0;
const name = (): string => `cache-${(names += 1)}`;
const folder = (): string => mkdtempSync(join(root, 'disk-'));

function setUp() {
  const parts = createTestParts();
  parts.nowMs = Date.now();
  const loadCacache = (): Cacache => createRequire(join(app.folder, 'package.json'))('cacache') as Cacache;
  const open = createPressureCaches({
    ...parts,
    wallMs: () => parts.nowMs,
    monotonicMs: () => parts.nowMs,
    loadCacache,
    findAgent: () => agent.handle,
  });
  return { parts, open };
}

/** A cache of one entry in memory, so that the disk is asked. */
function smallCache(path: string, more: { readonly ttlMs?: number; readonly maxBytes?: number } = {}) {
  const { parts, open } = setUp();
  const of = name();
  const { maxBytes = 10e6, ...rest } = more;
  const options = { name: of, maxEntries: 1, disk: { path, maxBytes }, ...rest };
  const cache = open(options);
  /** Its own files: content and index. */
  const files = (): string[] =>
    globSync('**/*', { cwd: join(path, `cache-${of}`), withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const contents = (): string[] => files().filter((file) => file.includes('content-'));
  return { parts, cache, files, contents, reopen: () => setUp().open(options) };
}

async function fill(cache: { put(key: string, value: unknown): Promise<void> }, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await cache.put(`key ${index}`, `value ${index}`);
}

describe('a pressure cache with a disk tier', { skip: app.skip }, () => {
  describe('is a Map whose limit does not show', () => {
    plainCacheContract({
      numRuns: 20,
      isUnlimited: true,
      create(maxEntries) {
        const cache = setUp().open({ name: name(), maxEntries, disk: { path: root } });
        return { ...cache, entries: () => cache.stats().entries };
      },
    });
  });

  test('what memory evicted comes from disk, tiers and cost included, and back into memory', async () => {
    const { cache } = smallCache(folder());
    const value = { list: [1, 'two', null], map: new Map([['a', new Date(0)]]), bytes: Buffer.from('b'), big: 10n };
    await cache.put('a', value, 'tier', 700);
    await cache.put('a', 'of the default tier');
    assert.equal(cache.getSync('a', 'tier'), undefined);
    assert.deepEqual(await cache.get('a', 'tier'), value);
    assert.deepEqual(cache.getSync('a', 'tier'), value);
    assert.deepEqual(cache.details(), [{ key: 'a', tier: 'tier', bytes: cache.details()[0]?.bytes, costMs: 700 }]);
    const { hits, misses, disk } = cache.stats();
    assert.deepEqual([hits, misses, disk?.hits, disk?.written], [2, 1, 1, 2]);
    await cache.close();
  });

  test('what is on disk is there for the next cache of its name and path', async () => {
    const { cache, reopen } = smallCache(folder());
    await fill(cache, 3);
    await cache.close();
    const again = reopen();
    assert.equal(await again.get('key 0'), 'value 0');
    await again.close();
  });

  test('a put, a delete and a clear hold for every get after them, awaited or not', async () => {
    const { cache } = smallCache(folder());
    void cache.put('a', 1);
    void cache.put('b', 'evicts a from memory');
    void cache.put('a', 2);
    void cache.put('b', 'evicts it again');
    assert.equal(await cache.get('a'), 2);
    void cache.delete('a');
    assert.equal(await cache.get('a'), undefined);
    void cache.put('a', 3);
    void cache.put('b', 4);
    void cache.clear();
    assert.deepEqual(await Promise.all([cache.get('a'), cache.get('b')]), [undefined, undefined]);
    void cache.put('a', 5);
    await cache.put('b', 6);
    assert.equal(await cache.get('a'), 5);
    await cache.close();
  });

  test('a put while its key is read wins over what was read', async () => {
    const { cache } = smallCache(folder());
    await cache.put('a', 'old');
    await cache.put('b', 'evicts a');
    const reading = cache.get('a');
    const written = cache.put('a', 'new');
    await Promise.all([reading, written]);
    assert.equal(cache.getSync('a'), 'new');
    await cache.close();
  });

  test('an entry that is damaged, cut, emptied or gone is a miss, is dropped, and can be put again', async () => {
    const damages: readonly ((file: string) => void)[] = [
      (file) => writeFileSync(file, 'x'.repeat(statSync(file).size)),
      (file) => truncateSync(file, 3),
      (file) => truncateSync(file, 0),
      (file) => rmSync(file),
    ];
    for (const damage of damages) {
      for (const part of ['content-', 'index-']) {
        const { cache, files } = smallCache(folder());
        await cache.put('a', 'value');
        await cache.put('b', 'evicts a');
        await cache.delete('b');
        for (const file of files().filter((one) => one.includes(part))) damage(file);
        assert.equal(await cache.get('a'), undefined);
        if (part === 'content-') assert.deepEqual(files(), []);
        await cache.put('a', 'again');
        await cache.put('b', 'evicts a');
        assert.equal(await cache.get('a'), 'again');
        await cache.close();
      }
    }
  });

  test('a value that would not come back as it is stays in memory alone, counted, told once', async () => {
    class Point {
      readonly x = 1;
    }
    const { cache, parts } = smallCache(folder());
    await cache.put('a', 'plain');
    for (const value of [() => 1, new Point(), { nested: [new Point()] }, Symbol('s'), new WeakMap()]) {
      await cache.put('a', value);
      assert.equal(await cache.get('a'), value);
    }
    await cache.put('b', 'evicts a');
    assert.equal(await cache.get('a'), undefined, 'not the older value that the disk had');
    assert.equal(cache.stats().disk?.unserialisable, 5);
    assert.deepEqual(
      parts.problems.map(({ code }) => code),
      ['PLM_CACHE_UNSERIALISABLE'],
    );
    await cache.close();
  });

  test('the quota is kept: the oldest entries go first, and nothing of what was replaced is left', async () => {
    const { cache, contents } = smallCache(folder(), { maxBytes: 20_000 });
    for (let index = 0; index < 60; index += 1) await cache.put(`key ${index}`, 'x'.repeat(1000));
    const bytes = contents().reduce((sum, file) => sum + statSync(file).size, 0);
    assert.ok(bytes > 10_000 && bytes <= 20_000, String(bytes));
    assert.equal(await cache.get('key 0'), undefined);
    assert.notEqual(await cache.get('key 58'), undefined);
    const before = contents().length;
    for (let index = 0; index < 20; index += 1) await cache.put('key 58', `version ${index}`);
    assert.ok(contents().length <= before);
    await cache.put('too large', 'x'.repeat(30_000));
    await cache.put('other', 'evicts it');
    assert.equal(await cache.get('too large'), undefined);
    await cache.close();
  });

  test('what a process left behind that was killed while writing is removed', async () => {
    const { cache, contents, files, reopen } = smallCache(folder());
    await cache.put('a', 'value');
    await cache.close();
    const content = contents()[0] ?? '';
    const left = [`${content}-abandoned`, join(content, '../../../../../tmp/abandoned')];
    for (const file of left) {
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, 'x');
      utimesSync(file, new Date(0), new Date(0));
    }
    const again = reopen();
    await again.put('b', 'value');
    assert.deepEqual(
      files().filter((file) => file.includes('abandoned')),
      [],
    );
    assert.equal(await again.get('a'), 'value');
    await again.close();
  });

  test('entries age by the wall clock; a clock that is set back or forward makes misses, never old values', async () => {
    const { cache, parts } = smallCache(folder(), { ttlMs: 60_000 });
    for (const jumpMs of [59_000, 61_000, -3_600_000]) {
      await cache.put('a', 'value');
      await cache.put('b', 'evicts a');
      parts.nowMs += jumpMs;
      assert.equal(await cache.get('a'), jumpMs === 59_000 ? 'value' : undefined, `${jumpMs} ms later`);
    }
    await cache.close();
  });

  test('at high and critical it is emptied and rests, and works again after it', async () => {
    const { cache, contents } = smallCache(folder());
    await fill(cache, 10);
    assert.equal(contents().length, 10);
    agent.enter(2);
    assert.equal(await cache.get('key 1'), undefined);
    await cache.put('during', 'value');
    await cache.put('other', 'evicts it');
    assert.equal(await cache.get('during'), undefined);
    agent.enter(1);
    assert.equal(await cache.get('key 1'), undefined);
    assert.equal(contents().length, 0);
    await fill(cache, 3);
    assert.equal(await cache.get('key 1'), 'value 1');
    agent.enter(0);
    await cache.close();
  });

  test('a folder that cannot be made or read is told once, and memory goes on', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const { cache, parts } = smallCache(file);
    await fill(cache, 5);
    assert.equal(await cache.get('key 4'), 'value 4');
    assert.equal(await cache.get('key 0'), undefined);
    await cache.clear();
    assert.deepEqual(
      parts.problems.map(({ code }) => code),
      ['PLM_CACHE_DISK_FAILED'],
    );
    assert.ok((cache.stats().disk?.skipped ?? 0) >= 4);
    await cache.close();
  });

  test(
    'on a disk that became read-only no older value is answered; it is used again when it can be',
    { skip: whyNoTmpfs() },
    async (context) => {
      const disk = mountTmpfs('1m');
      context.after(disk.unmount);
      const { cache, parts } = smallCache(disk.folder);
      await cache.put('a', 'old');
      await cache.put('b', 'evicts a');
      disk.remount('ro');
      assert.equal(await cache.get('a'), 'old');
      await cache.put('a', 'new');
      await cache.put('b', 'evicts a');
      assert.equal(await cache.get('a'), undefined);
      assert.deepEqual(
        parts.problems.map(({ code }) => code),
        ['PLM_CACHE_DISK_FAILED'],
      );
      disk.remount('rw');
      parts.nowMs += 1_000_000;
      assert.equal(await cache.get('a'), undefined);
      await cache.put('a', 'newer');
      await cache.put('b', 'evicts a');
      assert.equal(await cache.get('a'), 'newer');
      await cache.close();
    },
  );

  test('without cacache there is one line, and memory alone', async () => {
    const parts = createTestParts();
    const cache = createPressureCaches(parts)({ name: name(), maxEntries: 1, disk: { path: folder() } });
    await fill(cache, 2);
    assert.deepEqual([await cache.get('key 0'), await cache.get('key 1')], [undefined, 'value 1']);
    assert.deepEqual(
      parts.problems.map(({ code }) => code),
      ['PLM_CACHE_DISK_MISSING'],
    );
    await cache.close();
  });
});
