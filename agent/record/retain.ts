/** Keeps the folder of ring files bounded: each start of a process adds one. */
import { statSync, unlinkSync } from 'node:fs';
import { listRings } from './directory.ts';

/** 36 MB of recordings. */
const KEPT = 20;
/** A live recorder writes at least every second; this long without a write is death, or a stop in a debugger. */
const IDLE_MS = 10 * 60 * 1000;

/** Deletes ring files that nobody writes any more, oldest first, beyond the newest 20. Never throws. */
export function retainRings(directory: string, nowMs: number): void {
  const list = listRings(directory);
  if (!list.ok) return;
  for (const { path } of list.rings.slice(KEPT)) deleteIdle(path, nowMs);
}

function deleteIdle(path: string, nowMs: number): void {
  try {
    if (nowMs - statSync(path).mtimeMs > IDLE_MS) unlinkSync(path);
  } catch {
    // another process was faster, or the file is not ours to delete
  }
}
