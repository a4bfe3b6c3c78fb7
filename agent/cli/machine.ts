/** What `plimsoll doctor` looks at: this process's sources, read once, and the places the options name. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { createSources, nodeRuntime } from '../../instrumentation/sources/index.ts';
import type { ListenAddress } from '../config/parse.ts';
import { groupUnavailable } from '../degradations.ts';
import { createRow, type Row } from '../model/row.ts';
import type { Degradation } from '../model/snapshot.ts';
import { httpGet, urlOf } from './scrape.ts';

export interface Sensed {
  readonly row: Row;
  /** By source. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  readonly degraded: readonly Degradation[];
}

/** One full sample of this process, by the agent's own sources. */
export async function senseMachine(nodeOptions: string, processBudgetBytes: number | undefined): Promise<Sensed> {
  const { sources } = await createSources({
    root: '',
    platform: process.platform,
    runtime: nodeRuntime,
    execArgv: process.execArgv,
    nodeOptions,
    processBudgetBytes,
    monotonicMs: () => performance.now(),
    requestSample: () => undefined,
  });
  const row = createRow();
  for (const source of sources) source.read(row);
  const facts = Object.fromEntries(sources.map((source) => [source.name, source.facts()]));
  const degraded = groupUnavailable(sources.flatMap((source) => source.unavailable()));
  for (const source of sources) source.close();
  return { row, facts, degraded };
}

/**
 * - `answers`: an agent with a fresh sample.
 * - `not-ready`: an agent whose last sample is old, or that has none yet.
 * - `foreign`: something else has the port.
 * - `nothing`: nobody listens.
 * - `any-port`: port 0; where it listens cannot be known.
 */
export interface ListenerState {
  readonly url: string;
  readonly state: 'answers' | 'not-ready' | 'foreign' | 'nothing' | 'any-port';
  readonly detail: string;
}

export async function askListener(listen: ListenAddress): Promise<ListenerState> {
  const url = urlOf(listen, '/healthz');
  if (listen.port === 0) return { url: url.href, state: 'any-port', detail: 'the kernel chooses the port' };
  try {
    const { status, body } = await httpGet(url);
    const detail = `${status} ${body.trim().slice(0, 100)}`;
    if (status === 200 && body === 'ok\n') return { url: url.href, state: 'answers', detail };
    return { url: url.href, state: status === 503 && /\bsample\b/.test(body) ? 'not-ready' : 'foreign', detail };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { url: url.href, state: code === 'ECONNREFUSED' ? 'nothing' : 'foreign', detail: code ?? message };
  }
}

export interface DirectoryState {
  readonly path: string;
  readonly writable: boolean;
  readonly detail: string;
}

/** The agent makes the folder when it is missing, so then the nearest one above has to be writable. */
export function checkDirectory(path: string): DirectoryState {
  let at = resolve(path);
  const isMissing = statSync(at, { throwIfNoEntry: false }) === undefined;
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) at = dirname(at);
  try {
    if (!statSync(at).isDirectory()) throw new Error(`${at} is no folder`);
    accessSync(at, constants.W_OK | constants.X_OK);
    return { path, writable: true, detail: isMissing ? `will be made in ${at}` : 'is writable' };
  } catch (error) {
    return { path, writable: false, detail: (error as Error).message };
  }
}
