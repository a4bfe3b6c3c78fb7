/** The folder of a disk tier, kept by `cacache`: each entry is content under its checksum and a line of an index. */
import { join } from 'node:path';

/** What is used of cacache 18 to 21. */
export interface Cacache {
  get: {
    (folder: string, key: string, options: { memoize: false }): Promise<{ data: Uint8Array }>;
    info(folder: string, key: string, options: { memoize: false }): Promise<FolderEntry | null>;
  };
  put(folder: string, key: string, data: Uint8Array): Promise<unknown>;
  rm: {
    entry(folder: string, key: string, options: { removeFully: true }): Promise<unknown>;
    content(folder: string, integrity: string): Promise<unknown>;
  };
  ls(folder: string): Promise<Record<string, FolderEntry>>;
}

interface FolderEntry {
  readonly key: string;
  readonly integrity: string;
  /** Of its content. */
  readonly path: string;
  readonly size?: number;
  /** Wall clock, ms. */
  readonly time: number;
}

/** What nobody refers to may be another process's entry that is being written; after this it is left behind by a dead one. */
const ABANDONED_MS = 10 * 60_000;

export interface CacheFolder {
  /** undefined: there is none. Throws when it is damaged. */
  read(id: string): Promise<Uint8Array | undefined>;
  write(id: string, data: Uint8Array): Promise<void>;
  /** Answers the bytes it had. */
  remove(id: string): Promise<number>;
  /** Removes the oldest until no more than so many bytes are left, and what dead processes left behind. Answers the bytes that are. */
  trim(mostBytes: number, wallMs: number): Promise<number>;
  clear(): Promise<void>;
}

/** Folders are never shared between caches: emptying one must not empty another. */
export function folderOf(path: string, name: string): string {
  return join(path, `cache-${encodeURIComponent(name).slice(0, 200)}`);
}

export function createCacheFolder(cacache: Cacache, folder: string): CacheFolder {
  // dear to load: only a cache with a disk tier does
  const fs = process.getBuiltinModule('node:fs/promises');

  /** Whole, so that an entry that is written often has one line in the index and one content. */
  async function removeEntry({ key, integrity, size }: FolderEntry): Promise<number> {
    await cacache.rm.entry(folder, key, { removeFully: true });
    await cacache.rm.content(folder, integrity);
    return size ?? 0;
  }

  async function namesIn(path: string): Promise<string[]> {
    return await fs.readdir(path).catch(ignoring('ENOENT', []));
  }

  async function filesBelow(path: string): Promise<string[]> {
    const found = await fs.readdir(path, { recursive: true, withFileTypes: true }).catch(ignoring('ENOENT', []));
    return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  async function removeAbandoned(entries: readonly FolderEntry[], wallMs: number): Promise<void> {
    const owned = new Set(entries.map(({ path }) => path));
    const roots = (await namesIn(folder)).filter((name) => name.startsWith('content-') || name === 'tmp');
    for (const root of roots) {
      for (const file of await filesBelow(join(folder, root))) {
        if (owned.has(file)) continue;
        const { mtimeMs } = await fs.stat(file).catch(ignoring('ENOENT', { mtimeMs: wallMs }));
        if (wallMs - mtimeMs > ABANDONED_MS) await fs.rm(file, { force: true });
      }
    }
  }

  async function remove(id: string): Promise<number> {
    const entry = await cacache.get.info(folder, id, { memoize: false }).catch(() => null);
    if (entry !== null) return await removeEntry(entry);
    await cacache.rm.entry(folder, id, { removeFully: true });
    return 0;
  }

  return {
    async read(id) {
      try {
        return (await cacache.get(folder, id, { memoize: false })).data;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        // the file of the content is missing, not the line of the index
        if (error instanceof Error && 'syscall' in error) await remove(id);
        return undefined;
      }
    },
    async write(id, data) {
      await cacache.put(folder, id, data);
    },
    remove,
    async trim(mostBytes, wallMs) {
      const entries = Object.values(await cacache.ls(folder)).toSorted((a, b) => a.time - b.time);
      let bytes = entries.reduce((sum, { size = 0 }) => sum + size, 0);
      for (const entry of entries) {
        if (bytes <= mostBytes) break;
        bytes -= await removeEntry(entry);
      }
      await removeAbandoned(entries, wallMs);
      return bytes;
    },
    async clear() {
      const names = (await namesIn(folder)).filter((name) => /^(content|index)-/.test(name));
      if (names.length === 0) return;
      const trash = join(folder, 'tmp', `cleared-${process.pid}-${Math.random().toString(36).slice(2)}`);
      await fs.mkdir(trash, { recursive: true });
      // moved first: another process that writes meanwhile begins anew, and is not in the way of the removal
      for (const name of names)
        await fs.rename(join(folder, name), join(trash, name)).catch(ignoring('ENOENT', undefined));
      await fs.rm(trash, { recursive: true, force: true });
    },
  };
}

function ignoring<T>(code: string, instead: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return instead;
  };
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
