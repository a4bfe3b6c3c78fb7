/** The control sockets of real processes, asked as a sidecar would. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { connectControl, type ControlClient } from '../../agent/control/client.ts';
import type { ControlSnapshot } from '../../agent/model/control.ts';
import type { ColumnName } from '../../agent/model/row.ts';

export function socketsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sock'))
    .map((name) => join(folder, name));
}

/** When so many agents have theirs. */
export async function untilSockets(folder: string, count: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const found = socketsIn(folder);
    if (found.length >= count) return found;
    if (performance.now() > deadlineMs) throw new Error(`${found.length} of ${count} sockets in ${folder}`);
    await delay(10);
  }
}

/** To the only agent of the folder. */
export async function connectIn(folder: string, watch: boolean): Promise<ControlClient> {
  const [path = ''] = await untilSockets(folder, 1);
  return await connectControl(path, { watch });
}

export function readingOf({ columns, row }: ControlSnapshot, name: ColumnName): number {
  return Buffer.from(row, 'base64').readDoubleLE(columns.indexOf(name) * 8);
}

/** Asks for snapshots until one is as expected. */
export async function untilSnapshot(
  client: ControlClient,
  expected: (snapshot: ControlSnapshot) => boolean,
): Promise<ControlSnapshot> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const snapshot = await client.ask('snapshot', {});
    if (expected(snapshot)) return snapshot;
    if (performance.now() > deadlineMs) throw new Error(`never: ${String(expected)}`);
    await delay(20);
  }
}
