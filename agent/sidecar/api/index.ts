/** The HTTP API of the sidecar, and its page. It holds nothing: it asks the fleet. docs/api.md is the page for people. */
import { readFileSync } from 'node:fs';

import type { Options } from '../../config/options.ts';
import { problem, whyOf, type Problem } from '../../model/problem.ts';
import type { Clock } from '../../sample/clock.ts';
import type { Fleet } from '../fleet.ts';
import type { PageAsset } from '../page/assets.ts';
import type { AppParts } from './app.ts';
import { createGate, isLoopback } from './gate.ts';
import { createMachine } from './machine.ts';
import { openListener } from './opening.ts';
import type { ApiWorld } from './route.ts';
import { createApiServer } from './server.ts';
import { createStreams } from './streams.ts';
import { openToken, type Token } from './token.ts';

export interface ApiParts {
  readonly options: Pick<Options, 'apiListen' | 'apiTokenFile' | 'apiWrite'>;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Where captures are. */
  readonly dataDirectory: string;
  readonly page: ReadonlyMap<string, PageAsset>;
  onProblem(found: Problem): void;
}

export interface Api {
  /** `http://127.0.0.1:19465/`; undefined: it does not listen yet, and tries again each second. */
  url(): string | undefined;
  stop(): Promise<void>;
}

/** Never rejects, and has tried once to listen. undefined: it never will, and `onProblem` was told why; the sidecar goes on without it. */
export async function startApi(parts: ApiParts): Promise<Api | undefined> {
  const { options, fleet, clock, dataDirectory, page, onProblem } = parts;
  const { apiListen: listen, apiWrite } = options;
  const token = tokenOf(parts);
  if (token === 'refused') return undefined;

  const streams = createStreams(fleet, clock);
  const appParts: Omit<AppParts, 'routes'> = {
    world: { fleet, clock, dataDirectory, streams, machine: createMachine(dataDirectory), inTurn: createTurns() },
    gate: createGate({ host: listen.host, token, isWriteOn: apiWrite === 'on', monotonicMs: clock.monotonicMs }),
    page,
    openApi,
    onFailure: (error) => onProblem(problem('PLM_API_FAILED', `A route failed: ${whyOf(error)}. It answered 500.`)),
  };
  const server = createApiServer(async () => (await import('./listener.ts')).createApiListener(appParts));
  const opening = openListener({
    server,
    where: listen,
    clock,
    onFailed: (reason) => onProblem(notListening(parts, reason)),
  });
  await opening.attempted;
  return {
    url: opening.url,
    async stop() {
      streams.stop();
      await opening.close();
    },
  };
}

function createTurns(): ApiWorld['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Written by scripts/docs-api.ts; stands beside the bundle too. Read when it is asked for, which is seldom. */
function openApi(): string {
  return readFileSync(new URL('./openapi.json', import.meta.url), 'utf8');
}

const WITHOUT = 'The sidecar goes on without HTTP API and page.';

function tokenOf({ options, clock, onProblem }: ApiParts): Token | undefined | 'refused' {
  const { apiListen, apiTokenFile, apiWrite } = options;
  if (apiTokenFile === undefined) {
    if (!isLoopback(apiListen.host)) {
      const what = `PLIMSOLL_API_LISTEN is ${apiListen.host}, which others can reach, and PLIMSOLL_API_TOKEN_FILE is not set`;
      onProblem(problem('PLM_API_TOKEN', `${what}; it must be, or the address one of loopback. ${WITHOUT}`));
      return 'refused';
    }
    if (apiWrite === 'on') {
      const what = 'PLIMSOLL_API_WRITE is on, and PLIMSOLL_API_TOKEN_FILE is not set';
      onProblem(problem('PLM_API_TOKEN', `${what}; it must be. The routes that change something answer 403.`));
    }
    return undefined;
  }
  const token = openToken({ path: apiTokenFile, monotonicMs: clock.monotonicMs, onProblem });
  if (!('code' in token)) return token;
  onProblem(problem(token.code, `${token.message} ${WITHOUT}`));
  return 'refused';
}

function notListening({ options }: ApiParts, reason: string): Problem {
  const { host, port } = options.apiListen;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const allowed = 'Must be a free port of a local address; port 0 is any';
  return problem(
    'PLM_API_LISTEN',
    `PLIMSOLL_API_LISTEN is ${address}: ${reason}. ${allowed}. ${WITHOUT} It tries again each second.`,
  );
}
