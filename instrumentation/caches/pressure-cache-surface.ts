/** The methods that read and write a pressure cache: synchronous in memory, promises where a disk is behind it. */
import type { DiskTier } from './pressure-cache-disk.ts';
import { areTexts, idOf, type MemoryTier } from './pressure-cache-memory.ts';
import type { DiskPressureCache, PressureCache, Told } from './pressure-cache-types.ts';

export interface Surface<V> {
  readonly memory: MemoryTier<V>;
  readonly disk: DiskTier | undefined;
  readonly ttlMs: number | undefined;
  wallMs(): number;
  /** Asked before each put; false: the cache is closed. */
  mayPut(): boolean;
  close(): void;
}

export function inMemory<V>({ memory, mayPut, close }: Surface<V>): Omit<PressureCache<V>, keyof Told> {
  return {
    get: memory.get,
    put(key, value, tier, costMs) {
      if (mayPut()) memory.put(key, value, tier, costMs);
    },
    delete: memory.delete,
    clear: memory.clear,
    close,
  };
}

export function throughDisk<V>(surface: Surface<V>): Omit<DiskPressureCache<V>, keyof Told> {
  const { memory, disk, ttlMs, wallMs, mayPut, close } = surface;
  const { get: getSync, put, delete: remove } = inMemory(surface);
  /** What is being read. A later put, delete or clear takes it out, and what was read does not come into memory. */
  const reads = new Map<string, Promise<V | undefined>>();

  function load(behind: DiskTier, key: string, tier: string | undefined): Promise<V | undefined> {
    const id = idOf(key, tier);
    const running = reads.get(id);
    if (running !== undefined) return running;
    const mine: Promise<V | undefined> = behind.get(id).then((stored) => {
      const isCurrent = reads.get(id) === mine;
      if (isCurrent) reads.delete(id);
      if (stored === undefined) return undefined;
      const value = stored.value as V;
      const leftMs = ttlMs === undefined ? undefined : Math.max(1, stored.storedMs + ttlMs - wallMs());
      if (isCurrent && mayPut()) memory.put(key, value, tier, stored.costMs, leftMs);
      return value;
    });
    reads.set(id, mine);
    return mine;
  }

  return {
    getSync,
    get(key, tier) {
      const value = getSync(key, tier);
      if (value !== undefined || disk === undefined || !areTexts(key, tier)) return Promise.resolve(value);
      return load(disk, key, tier);
    },
    async put(key, value, tier, costMs) {
      put(key, value, tier, costMs);
      if (disk === undefined || !areTexts(key, tier) || !mayPut()) return;
      const id = idOf(key, tier);
      reads.delete(id);
      await (value === undefined ? disk.delete(id) : disk.put(id, value, costMs ?? Number.NaN));
    },
    async delete(key, tier) {
      const had = remove(key, tier);
      if (disk !== undefined && areTexts(key, tier)) {
        reads.delete(idOf(key, tier));
        await disk.delete(idOf(key, tier));
      }
      return had;
    },
    async clear() {
      const gone = memory.clear();
      reads.clear();
      await disk?.clear();
      return gone;
    },
    async close() {
      close();
      reads.clear();
      await disk?.settled();
    },
  };
}
