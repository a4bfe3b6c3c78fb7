import { readlinkSync } from 'node:fs';

import type { Environment } from './read.ts';

/**
 * The slot of this process, `plimsoll.process`: `main`, or `worker-<n>` of a cluster. pm2 numbers its instances from 0 and uses
 * a number again after a restart; instance 0 is the one that tells of the container, as a primary would.
 */
export function processSlot(env: Environment, clusterWorkerId: number | undefined): string {
  const instance = /^\d{1,6}$/.exec(env['NODE_APP_INSTANCE'] ?? '')?.[0];
  if (instance !== undefined) return Number(instance) === 0 ? 'main' : `worker-${Number(instance)}`;
  return clusterWorkerId === undefined ? 'main' : `worker-${clusterWorkerId}`;
}

/** Whether whoever started this process numbers what it starts: a service then, and no exec probe or build step. */
export function isNumbered(env: Environment, slot: string): boolean {
  return slot !== 'main' || (env['NODE_APP_INSTANCE'] ?? '') !== '';
}

/**
 * What tells the processes of this container from those of the next one in a pod, which share the loopback: their mount namespace. Empty
 * where that is not known.
 */
export function containerOfProcess(): string {
  try {
    return readlinkSync('/proc/self/ns/mnt');
  } catch {
    return '';
  }
}
