/**
 * A heap snapshot is the dearest thing there is. Measured on Node.js 22, 24 and 26, with heaps of 5 to 200 MiB of small objects: it needs 10 to 14
 * times the heap's size in memory, holds up the event loop for 40 to 90 ms per MiB, and its file is twice the heap. So at critical it
 * mostly says why not.
 */
import { getHeapStatistics, writeHeapSnapshot } from 'node:v8';

import type { Action, ActionStep } from '../model/action.ts';
import type { Assessment } from '../model/assessment.ts';
import type { Constraint } from '../model/constraint.ts';
import { sizeText, type CaptureFolder } from './folder.ts';
import type { CaptureWorld } from './index.ts';
import { isYoung } from './young.ts';

const MIB = 2 ** 20;
const MEMORY_PER_HEAP_BYTE = 15;
const BASE_MEMORY_BYTES = 64 * MIB;
const FILE_PER_HEAP_BYTE = 2.5;
const BASE_FILE_BYTES = 8 * MIB;
const MS_PER_MIB = 100;
const BASE_MS = 300;
/** Kubernetes restarts by default what does not answer for 30 s. */
const MAX_PAUSE_MS = 10_000;
/** What kills when a snapshot takes native memory: it is not in V8's limit, and a budget kills nobody. */
const CEILINGS: ReadonlySet<Constraint> = new Set(['container', 'throttle', 'host']);

export function createWriteHeapSnapshot({ snapshot }: CaptureWorld, folder: CaptureFolder): Action {
  return {
    name: 'write-heap-snapshot',
    from: 'critical',
    budget: { coolDownMs: 60_000, count: 1, windowMs: 6 * 3_600_000, timeMs: 60_000 },
    plan: ({ row }) => (isYoung(row) ? undefined : 'write a heap snapshot, if memory, pause and disk allow'),
    async run({ assessment }) {
      const heapBytes = getHeapStatistics().used_heap_size;
      const refused = refusalOf(heapBytes, assessment);
      if (refused !== undefined) return { outcome: 'skipped', detail: `no heap snapshot: ${refused}` };
      const bytes = BASE_FILE_BYTES + FILE_PER_HEAP_BYTE * heapBytes;
      const place = await folder.reserve('snapshot', snapshot().identity.serviceInstanceId, bytes);
      if (typeof place === 'string') return { outcome: 'skipped', detail: `no heap snapshot: ${place}` };
      try {
        writeHeapSnapshot(place.path);
        const kept = await place.keep();
        return { outcome: 'done', detail: `wrote ${kept.path}, ${sizeText(kept.bytes)}`, written: kept };
      } catch (error) {
        await place.discard();
        throw error;
      }
    },
  };
}

/** Without figures that move: the same reason is told once. */
export function refusalOf(heapBytes: number, { constraints }: ActionStep['assessment']): string | undefined {
  if (BASE_MS + (MS_PER_MIB * heapBytes) / MIB > MAX_PAUSE_MS) {
    return `it would hold up the event loop for more than ${MAX_PAUSE_MS / 1000} s`;
  }
  const roomBytes = roomOf(constraints);
  if (roomBytes === undefined) return 'how much memory is left is not known';
  if (roomBytes < BASE_MEMORY_BYTES + MEMORY_PER_HEAP_BYTE * heapBytes) {
    return `making it may take ${MEMORY_PER_HEAP_BYTE} times the heap's size in memory, and there is less`;
  }
  return undefined;
}

function roomOf(constraints: Assessment['constraints']): number | undefined {
  const rooms = constraints
    .filter(({ constraint }) => CEILINGS.has(constraint))
    .map(({ headroomBytes }) => headroomBytes);
  return rooms.length === 0 ? undefined : Math.min(...rooms);
}
