/** A control socket as an agent opens it, in a folder of its own, with operations that do nothing. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

import { ControlError } from '../../agent/control/client.ts';
import { socketPathOf } from '../../agent/control/path.ts';
import {
  openControlServer,
  type ControlServer,
  type ControlServerParts,
  type Operations,
} from '../../agent/control/server.ts';
import { temporaryFolder } from './run-cli.ts';

export const INSTANCE = '20261122T101500000Z-9f86d081884c7d65';
export const OPERATIONS: Operations = {
  snapshot: () => ({ refused: 'nothing was sampled yet' }),
  caches: () => ({ done: [] }),
  clear() {
    throw new Error('the cache is odd');
  },
  reclaim: () => Promise.reject(new Error('not now')),
  capture: () => ({ done: { path: '/tmp/report.json', bytes: 7 } }),
  drill: ({ forMs }) => Promise.resolve({ done: { untilWallMs: forMs } }),
};

export interface Scene {
  readonly folder: string;
  readonly path: string;
  readonly server: ControlServer;
}

export async function openScene(context: TestContext, changes: Partial<ControlServerParts> = {}): Promise<Scene> {
  const folder = changes.directory ?? temporaryFolder(context);
  const server = await openControlServer({
    directory: folder,
    platform: process.platform,
    hello: { protocol: 1, instance: INSTANCE, agentVersion: '0.1.0', pid: 7 },
    mode: 0o600,
    gid: undefined,
    operations: OPERATIONS,
    setTimer(callback, ms) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    onWatchers() {},
    ...changes,
  });
  context.after(server.close);
  return { folder, path: socketPathOf(folder, INSTANCE, process.platform), server };
}

/** A connection that may say anything. */
export function openRaw(path: string): { readonly socket: Socket; readonly ended: Promise<string> } {
  const socket = connect(path);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => {}); // of writing to who has hung up
  return { socket, ended: new Promise((resolve) => socket.once('close', () => resolve(text))) };
}

/** What it was refused with. */
export async function refusal(answer: Promise<unknown>): Promise<ControlError> {
  const error: unknown = await answer.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof ControlError, String(error));
  return error;
}
