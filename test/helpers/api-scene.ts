/** The HTTP API over a scripted fleet, asked over a real connection. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Problem } from '../../agent/model/problem.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { startApi, type ApiParts } from '../../agent/sidecar/api/index.ts';
import type { ApiProblem } from '../../agent/sidecar/api/types.ts';
import type { Fleet } from '../../agent/sidecar/fleet.ts';
import type { PageAsset } from '../../agent/sidecar/page/assets.ts';
import { ask, type Ask, type Reply } from './http-client.ts';
import { createScriptedFleet } from './scripted-fleet.ts';

export const TOKEN = '0123456789abcdef-of-the-tests';
export const BEARER = { authorization: `Bearer ${TOKEN}` };

export interface ApiScene {
  readonly port: number;
  readonly url: string;
  readonly dataDirectory: string;
  readonly tokenFile: string;
  readonly problems: readonly Problem[];
  get(path: string, more?: Partial<Ask>): Promise<Reply>;
  stop(): Promise<void>;
}

export interface SceneOptions extends Partial<Pick<ApiParts, 'clock'>> {
  readonly fleet?: Fleet;
  readonly withToken?: boolean;
  readonly write?: 'on' | 'off';
  readonly host?: string;
  readonly page?: ReadonlyMap<string, PageAsset>;
}

export async function openApiScene(context: TestContext, options: SceneOptions = {}): Promise<ApiScene> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'plimsoll-api-'));
  const tokenFile = join(dataDirectory, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const problems: Problem[] = [];
  const api = await startApi({
    options: {
      apiListen: { host: options.host ?? '127.0.0.1', port: 0 },
      apiTokenFile: options.withToken === true ? tokenFile : undefined,
      apiWrite: options.write ?? 'off',
    },
    fleet: options.fleet ?? createScriptedFleet(),
    clock: options.clock ?? systemClock,
    dataDirectory,
    page: options.page ?? new Map(),
    onProblem: (found) => problems.push(found),
  });
  const url = api?.url();
  if (api === undefined || url === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const port = Number(new URL(url).port);
  // its timers are not to keep anything alive
  const alive = setInterval(() => {}, 1000);
  const stop = async (): Promise<void> => {
    clearInterval(alive);
    await api.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  context.after(stop);
  return {
    port,
    url,
    dataDirectory,
    tokenFile,
    problems,
    get: (path, more = {}) => ask({ port, path, ...more }),
    stop,
  };
}

export function jsonOf(reply: Reply): unknown {
  return JSON.parse(reply.body.toString());
}

/** `401 PLM_API_UNAUTHORIZED`, of an answer that is a whole problem document. */
export function problemOf(reply: Reply): string {
  const { status, code, title, detail } = jsonOf(reply) as ApiProblem;
  const isWhole =
    reply.headers['content-type'] === 'application/problem+json' &&
    reply.status === status &&
    title !== '' &&
    detail !== '';
  return isWhole ? `${status} ${code}` : `no problem document: ${reply.status} ${reply.body.toString()}`;
}
