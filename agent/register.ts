/**
 * The preload: `node -r plimsoll/register`, `node --import plimsoll/register`, NODE_OPTIONS. All that runs before the
 * application is here and in front.ts: it decides whether an agent belongs into this process, and makes its handle.
 * The agent itself is a text in this file until the application has had its first turns: compiling it costs 3 ms.
 */
import { compileFunction } from 'node:vm';

import { installFront } from './front.ts';
import type { launch as Launch } from './launch.ts';
import { findAgent, MANUAL_START, type AgentHandle } from './model/handle.ts';
import { agentFailed } from './model/problem.ts';
import type { StartOptions } from './model/start-options.ts';
import { untracedBuiltin } from './untraced.ts';

/** Bundles of launch.ts, exporters/otlp, agent/control/server.ts, predecessors.ts and js-yaml, put here by scripts/build.ts. */
declare const PLIMSOLL_AGENT_SOURCE: string;
declare const PLIMSOLL_OTLP_SOURCE: string;
declare const PLIMSOLL_CONTROL_SOURCE: string;
declare const PLIMSOLL_PREDECESSORS_SOURCE: string;
declare const PLIMSOLL_YAML_SOURCE: string;

/** Programs that are tools around an application and never the application. */
const PACKAGE_MANAGERS = /[\\/](npm|npx|yarn|pnpm|pnpx|corepack)(-cli)?(\.[cm]?js)?$/;
/** pm2's commands and its daemon; the applications run in its ProcessContainer. */
const PM2 = /[\\/](pm2(-runtime|-docker|-dev)?|pm2[\\/]lib[\\/]Daemon\.js)$/;

/**
 * As `isMainThread` of node:worker_threads, whose loading costs 1.1 MB and 1 ms: a worker may not abort the process, and
 * its `process.abort` says so.
 */
function inWorker(): boolean {
  return 'disabled' in process.abort;
}

function belongsHere(): boolean {
  if (inWorker() || findAgent() !== undefined) return false;
  if (process.versions['electron'] !== undefined || process.versions['bun'] !== undefined || 'Deno' in globalThis)
    return false;
  if ([PACKAGE_MANAGERS, PM2].some((tool) => tool.test(process.argv[1] ?? ''))) return false;
  return !(MANUAL_START in process);
}

/** Of the texts; the last stands for `process.getBuiltinModule` in them. */
const PARAMETERS = ['module', 'exports', 'require', 'untracedBuiltin'];

/** Two steps, for the loop between them: reading the text, and running it. */
function compile(source: string, name: string): () => unknown {
  const evaluate = compileFunction(source, PARAMETERS, { filename: `${__filename}#${name}` }) as (
    module: { exports: object },
    exports: object,
    require: (id: string) => unknown,
    untracedBuiltin: (id: string) => unknown,
  ) => void;
  return () => {
    const module = { exports: {} };
    evaluate(module, module.exports, requireBundled, untracedBuiltin);
    return module.exports;
  };
}

function requireBundled(id: string): unknown {
  if (id === 'plimsoll-yaml') return compile(PLIMSOLL_YAML_SOURCE, 'yaml')();
  if (id === 'plimsoll-otlp') return compile(PLIMSOLL_OTLP_SOURCE, 'otlp')();
  if (id === 'plimsoll-control') return compile(PLIMSOLL_CONTROL_SOURCE, 'control')();
  if (id === 'plimsoll-predecessors') return compile(PLIMSOLL_PREDECESSORS_SOURCE, 'predecessors')();
  return untracedBuiltin(id);
}

function compileAgent(): () => typeof Launch {
  const evaluate = compile(PLIMSOLL_AGENT_SOURCE, 'agent') as () => { launch: typeof Launch };
  return () => evaluate().launch;
}

/** For `start()`. A worker thread is seen from the main thread and has no agent of its own. */
export function launch(overrides: StartOptions): AgentHandle | undefined {
  return inWorker() ? undefined : installFront(overrides, compileAgent);
}

try {
  if (belongsHere()) launch({});
} catch (error) {
  process.stderr.write(`${agentFailed(error)}\n`);
}
