/** Asks the agent of another process through its socket. */
import type { ControlOperation, ControlOperations, ControlHello } from '../model/control.ts';

export interface ControlClient {
  readonly hello: ControlHello;
  /** Rejects with a `ControlError`: it refused, does not answer in time, or the connection ended. */
  ask<K extends ControlOperation>(
    op: K,
    asks: ControlOperations[K]['asks'],
    timeoutMs?: number,
  ): Promise<ControlOperations[K]['answers']>;
  /** Resolves when the connection has ended, by either side: the agent stopped, or its process died. */
  readonly ended: Promise<void>;
  close(): void;
}
