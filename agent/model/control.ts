/**
 * What can be asked of an agent through its socket in PLIMSOLL_DIR: one JSON document a line, each answered by one with the same `id`, in any
 * order. Docs: docs/control-socket.md.
 */
import type { CacheStatus, ClearedCache } from './cache.ts';
import type { CaptureKind } from './event.ts';
import type { LevelName } from './level.ts';
import type { RingNote } from './note.ts';
import type { ReclaimOutcome } from './reclaim.ts';

/** Changes when an older side could misread a newer one. */
export const CONTROL_PROTOCOL = 1;

/** Each request's own fields, and what it is answered. */
export interface ControlOperations {
  /** First of all. `watch`: whoever asks exports what it reads; while the connection lasts the agent does not. */
  readonly hello: { readonly asks: { readonly watch: boolean }; readonly answers: ControlHello };
  readonly snapshot: { readonly asks: object; readonly answers: ControlSnapshot };
  readonly caches: { readonly asks: object; readonly answers: readonly CacheStatus[] };
  readonly clear: { readonly asks: { readonly name?: string }; readonly answers: readonly ClearedCache[] };
  readonly reclaim: { readonly asks: { readonly targetBytes?: number }; readonly answers: ReclaimOutcome };
  readonly capture: { readonly asks: { readonly kind: CaptureKind }; readonly answers: ControlCapture };
  readonly drill: { readonly asks: ControlDrill; readonly answers: { readonly untilWallMs: number } };
}
export type ControlOperation = keyof ControlOperations;

export interface ControlHello {
  readonly protocol: number;
  readonly instance: string;
  readonly agentVersion: string;
  readonly pid: number;
}

/** `row` is base64 of its doubles; `columns` says which. */
export interface ControlSnapshot {
  readonly columns: readonly string[];
  readonly row: string;
  readonly note: RingNote;
}

export interface ControlCapture {
  readonly path: string;
  readonly bytes: number;
}

export interface ControlDrill {
  /** `normal` ends a drill. */
  readonly level: LevelName;
  readonly forMs: number;
}

export type ControlRequest = {
  readonly [K in ControlOperation]: { readonly id: number; readonly op: K } & ControlOperations[K]['asks'];
}[ControlOperation];

export type ControlAnswer =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };
