/**
 * The name of a process's life: `20261121T231745123Z-9f86d081884c7d65`, start time and 64 random bits. It is the ring
 * file's name and `service.instance.id`. Never a pid: in containers every application is pid 1.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Nonce } from './layout.ts';

const PATTERN = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-([0-9a-f]{16})$/;
export const RING_EXTENSION = '.ring';

/**
 * Names sort by start time. `entropyPath` is read for the random part because loading `node:crypto` costs the
 * application 6–9 ms; where it cannot be read, Math.random serves.
 */
export function createInstanceId(wallMs: number, entropyPath = '/dev/urandom'): string {
  const time = new Date(wallMs).toISOString().replaceAll(/[-:.]/g, '');
  return `${time}-${randomBytes(entropyPath).toString('hex')}`;
}

function randomBytes(entropyPath: string): Buffer {
  const bytes = Buffer.alloc(8);
  try {
    const fd = openSync(entropyPath, 'r');
    try {
      if (readSync(fd, bytes) === bytes.length) return bytes;
    } finally {
      closeSync(fd);
    }
  } catch {
    // no such device: Windows, or an odd sandbox
  }
  return Buffer.from(bytes.map(() => Math.floor(Math.random() * 256)));
}

/** Start time of an instance id, ms since the epoch; undefined: not an instance id. */
export function instanceStartMs(instanceId: string): number | undefined {
  const [, year, month, day, hour, minute, second, milliseconds] = PATTERN.exec(instanceId) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The random part of an instance id; its file's records carry it. */
export function instanceNonce(instanceId: string): Nonce {
  const hex = instanceId.slice(-16);
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8), 16)];
}
