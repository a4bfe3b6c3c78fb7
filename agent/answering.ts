/** What an agent does when its control socket asks. */
import { clearCaches } from './clear-caches.ts';
import type { Operations, Reply } from './control/server.ts';
import type { Drill } from './control/drill.ts';
import type { CacheStatus, ClearedCache } from './model/cache.ts';
import { LEVELS, type Level } from './model/level.ts';
import type { RingNote } from './model/note.ts';
import { COL, COLUMNS } from './model/row.ts';
import type { Snapshot } from './model/snapshot.ts';
import type { ActiveProtection, Protection } from './protection.ts';
import type { Clock } from './sample/clock.ts';

export interface AnsweringParts {
  readonly clock: Clock;
  readonly active: ActiveProtection;
  readonly protection: Protection;
  readonly drill: Drill;
  snapshot(): Snapshot;
  note(): RingNote;
  /** Mode is `protect`. */
  acts(): boolean;
  /** What changed should show at once. */
  onDrill(): void;
}

/** The largest first: an answer has an end. */
const MAX_CACHES = 500;

export function createAnswers(parts: AnsweringParts): Operations {
  const { active, protection, drill, snapshot } = parts;

  function caches(): readonly CacheStatus[] {
    return protection.caches.statuses();
  }

  async function clear(name: string | undefined): Promise<Reply<readonly ClearedCache[]>> {
    const followed = protection.caches.followed(true);
    if (name !== undefined && followed.every((cache) => cache.name !== name)) {
      return { refused: `no cache is called ${JSON.stringify(name)}` };
    }
    if (!parts.acts()) return { refused: `observe: would empty ${name ?? 'every cache that was registered'}` };
    return { done: await clearCaches(followed, name, parts.clock) };
  }

  return {
    snapshot() {
      const { row } = snapshot();
      const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
      return { done: { columns: COLUMNS, row: bytes.toString('base64'), note: parts.note() } };
    },
    caches: () => ({ done: [...caches()].toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_CACHES) }),
    clear: ({ name }) => clear(name),
    async reclaim({ targetBytes }) {
      const { row } = snapshot();
      const level = levelOf(row[COL.level]);
      // at normal nothing is the target; whoever asks wants something
      const bytes = targetBytes ?? active.targetBytes(level === 0 ? 1 : level, row);
      return { done: await active.reclaim(bytes, level) };
    },
    async capture({ kind }) {
      const made = await active.capture(kind);
      return typeof made === 'string' ? { refused: made } : { done: made };
    },
    drill(asked) {
      const untilWallMs = drill.begin(asked);
      parts.onDrill();
      return { done: { untilWallMs } };
    },
  };
}

function levelOf(value: number | undefined): Level {
  const level = value ?? 0;
  return LEVELS[level] === undefined ? 0 : (level as Level);
}
