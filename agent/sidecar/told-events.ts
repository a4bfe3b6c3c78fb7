/**
 * Which events were told already, so that a sidecar that comes back tells what happened while it was away, and nothing twice: how far each
 * process's events were told, in `told.json` in the folder.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../sample/clock.ts';

export interface ToldEvents {
  /** Whether it is news; it counts as told from now on. `sinceWallMs`: from when on this process's events are news if nothing else is known. */
  isNew(
    instanceId: string,
    event: { readonly name: string; readonly wallMs: number; readonly text: string },
    sinceWallMs: number,
  ): boolean;
  /** Writes what is not written yet. */
  close(): void;
}

const FILE = 'told.json';
/** Events come in bursts; a sidecar that is killed in this time tells some of them once more. */
const WRITE_DELAY_MS = 500;
/** A note has two dozen events, and those of the sidecar itself stand beside them. */
const MAX_KEYS = 64;
/** More than a folder has processes; the oldest go. */
const MAX_INSTANCES = 512;
const MAX_BYTES = 64 * 1024;

interface Told {
  /** Of a sidecar before this one, or from when on anything is news: up to here nothing is told. */
  readonly floorMs: number;
  newestMs: number;
  readonly keys: Set<string>;
}

export function createToldEvents(directory: string, clock: Clock): ToldEvents {
  const before = read(join(directory, FILE));
  const told = new Map<string, Told>();
  let cancelWrite: (() => void) | undefined;

  function toldOf(instanceId: string, sinceWallMs: number): Told {
    const known = told.get(instanceId);
    if (known !== undefined) return known;
    const floorMs = before.get(instanceId) ?? sinceWallMs;
    const begun: Told = { floorMs, newestMs: floorMs, keys: new Set() };
    told.set(instanceId, begun);
    const [oldest] = told.keys();
    if (told.size > MAX_INSTANCES && oldest !== undefined) told.delete(oldest);
    return begun;
  }

  /** A folder that cannot be written costs no event: one may be told twice after a restart. */
  function write(): void {
    cancelWrite = undefined;
    const upTo = [...before, ...[...told].map(([instanceId, { newestMs }]) => [instanceId, newestMs] as const)];
    const kept = [...new Map(upTo)].slice(-MAX_INSTANCES);
    const path = join(directory, FILE);
    const part = `${path}.${process.pid}.part`;
    try {
      rmSync(part, { force: true });
      // `wx`: a link that somebody put there is not followed
      writeFileSync(part, JSON.stringify(Object.fromEntries(kept)), { flag: 'wx', mode: 0o600 });
      renameSync(part, path);
    } catch {
      // as said
    }
  }

  return {
    isNew(instanceId, { name, wallMs, text }, sinceWallMs) {
      const own = toldOf(instanceId, sinceWallMs);
      const key = `${wallMs} ${name} ${text}`;
      if (wallMs <= own.floorMs || own.keys.has(key)) return false;
      own.keys.add(key);
      const [oldest] = own.keys;
      if (own.keys.size > MAX_KEYS && oldest !== undefined) own.keys.delete(oldest);
      own.newestMs = Math.max(own.newestMs, wallMs);
      cancelWrite ??= clock.setTimer(write, WRITE_DELAY_MS);
      return true;
    },
    close() {
      if (cancelWrite === undefined) return;
      cancelWrite();
      write();
    },
  };
}

/** Anybody who can write to the folder can put anything there: a pipe that nobody writes to, a file without end. */
function read(path: string): ReadonlyMap<string, number> {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_BYTES) return new Map();
    const parsed: unknown = JSON.parse(readFileSync(fd, 'utf8'));
    const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    return new Map(
      entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])).slice(-MAX_INSTANCES),
    );
  } catch {
    return new Map();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
