/**
 * The agent's control socket. It lives in somebody else's process: it never keeps that alive, holds little, and believes nothing. This file
 * and what it imports is a text of its own in the preload, compiled where there is a PLIMSOLL_DIR.
 */
import { chmodSync, chownSync, existsSync, mkdtempSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';

import type { ControlHello, ControlOperation, ControlOperations } from '../model/control.ts';
import { mayUseNetwork } from '../model/network-permission.ts';
import { serveConnection } from './connection.ts';
import { isTooLong, socketPathOf, withShortFolder } from './path.ts';

/** Done, or why not. */
export type Reply<T> = { readonly done: T } | { readonly refused: string };

/** What is done when it is asked for; may throw. */
export type Operations = {
  readonly [K in Exclude<ControlOperation, 'hello'>]: (
    asks: ControlOperations[K]['asks'],
  ) => Reply<ControlOperations[K]['answers']> | Promise<Reply<ControlOperations[K]['answers']>>;
};

export interface ControlServerParts {
  readonly directory: string;
  readonly platform: NodeJS.Platform;
  readonly hello: ControlHello;
  /** Of the socket. */
  readonly mode: number;
  /** undefined: that of the process. */
  readonly gid: number | undefined;
  readonly operations: Operations;
  setTimer(callback: () => void, ms: number): () => void;
  /** So many connections watch, which export what they read. */
  onWatchers(count: number): void;
}

export interface ControlServer {
  /** Somebody may have deleted it. */
  isThere(): boolean;
  /** Sync, also in a process that is about to end: nothing is left in the folder. */
  close(): void;
}

const MAX_CONNECTIONS = 16;

/** Rejects where the socket cannot be had. */
export async function openControlServer(parts: ControlServerParts): Promise<ControlServer> {
  if (!mayUseNetwork()) throw new Error('the permission model allows no network (--allow-net)');
  const { Server: Listener } = process.getBuiltinModule('node:net');
  const connections = new Set<Socket>();
  const watchers = new Set<Socket>();
  const server = new Listener((socket) => {
    const isFull = connections.size >= MAX_CONNECTIONS;
    connections.add(socket);
    socket.once('close', () => {
      connections.delete(socket);
      if (watchers.delete(socket)) parts.onWatchers(watchers.size);
    });
    serveConnection(socket, {
      ...parts,
      isFull,
      onWatch() {
        watchers.add(socket);
        parts.onWatchers(watchers.size);
      },
    });
  });
  server.maxConnections = 2 * MAX_CONNECTIONS; // those over the first half are told why
  const files = await listen(server, parts);
  return {
    isThere: () => files.every((file) => existsSync(file)),
    close() {
      for (const file of files) attempt(() => unlinkSync(file));
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/** Answers the files that are to be removed at the end. */
async function listen(server: Server, parts: ControlServerParts): Promise<readonly string[]> {
  const { directory, platform } = parts;
  const path = socketPathOf(directory, parts.hello.instance, platform);
  if (platform === 'win32') {
    await bind(server, path);
    return [];
  }
  const isShort = !isTooLong(join(directory, ASIDE_EXAMPLE), platform);
  if (platform === 'linux') {
    await (isShort
      ? bindAside(server, directory, path, parts)
      : withShortFolder(directory, (folder) => bindAside(server, folder, path, parts)));
    return [path];
  }
  if (isShort && !isTooLong(path, platform)) {
    await bindAside(server, directory, path, parts);
    return [path];
  }
  const temporaryFolder = process.getBuiltinModule('node:os').tmpdir();
  const elsewhere = socketPathOf(temporaryFolder, parts.hello.instance, platform);
  await bindAside(server, temporaryFolder, elsewhere, parts);
  symlinkSync(elsewhere, path);
  return [path, elsewhere];
}

const ASIDE = '.plimsoll-';
const ASIDE_EXAMPLE = `${ASIDE}123456/s`;

/**
 * Bound in a folder that only this user can enter, and moved out of it when its mode is right: a socket is made with what the umask
 * leaves, and the umask is that of the whole process. Nothing here is waited for, so nobody sees a half of it.
 */
function bindAside(
  server: Server,
  folder: string,
  path: string,
  { mode, gid }: Pick<ControlServerParts, 'mode' | 'gid'>,
): Promise<void> {
  const aside = mkdtempSync(join(folder, ASIDE));
  const bound = join(aside, 's');
  try {
    const listening = bind(server, bound);
    if (!server.listening) return listening;
    try {
      if (gid !== undefined) attempt(() => chownSync(bound, -1, gid));
      chmodSync(bound, mode);
      renameSync(bound, path);
    } catch (error) {
      attempt(() => unlinkSync(bound));
      server.close();
      throw error;
    }
    return listening;
  } finally {
    attempt(() => rmdirSync(aside));
  }
}

/** Binds before it returns; the promise tells why it could not. */
function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      server.on('error', () => {}); // a failing accept (EMFILE): the next one may succeed
      resolve();
    });
    // exclusive: the workers of a cluster would have it opened by their primary
    server.listen({ path, exclusive: true });
    server.unref();
  });
}

function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // the folder is gone, or somebody was faster
  }
}
