/**
 * The agent's handle from the application's first line on. Until the agent is there it answers as at normal, and keeps
 * the handlers that the application brings.
 */
import { followImports } from '../instrumentation/discovery/imports.ts';
import type { launch as Launch } from './launch.ts';
import { AGENT_SYMBOL, IDLE_STATUS, IDLE_TREND, type AgentHandle } from './model/handle.ts';
import type { AdaptiveValue } from './model/adaptive.ts';
import { agentFailed } from './model/problem.ts';
import { NOTHING_RECLAIMED } from './model/reclaim.ts';
import type { StartOptions } from './model/start-options.ts';
import { VERSION } from './model/version.ts';
import { afterTurn, systemClock } from './sample/clock.ts';
import { followWorkers } from './worker-threads.ts';

/** After the application's first turn; a program that ends before pays for nothing but its handle. */
const LOAD_DELAY_MS = 50;

/** Between two steps of the start. */
const STEP_PAUSE_MS = 5;

/** `compileAgent` answers what evaluates and answers `launch`: each step takes 3 ms, and they are never in one turn. */
export function installFront(overrides: StartOptions, compileAgent: () => () => typeof Launch): AgentHandle {
  let agent: AgentHandle | undefined;
  const workers = followWorkers();
  // here and not with the other options: what was imported cannot be asked for later
  const imports = (overrides.reclaim ?? process.env['PLIMSOLL_RECLAIM']) === 'auto' ? followImports() : undefined;
  const waiting = new Map<symbol, (agent: AgentHandle) => () => void>();
  const enlisted = new Map<symbol, () => void>();

  /** Now, or as soon as the agent is there. Answers what takes it back. */
  function enlist(register: (agent: AgentHandle) => () => void): () => void {
    if (agent !== undefined) return register(agent);
    const key = Symbol('registration');
    waiting.set(key, register);
    return () => {
      waiting.delete(key);
      enlisted.get(key)?.();
    };
  }

  const handle: AgentHandle = {
    version: VERSION,
    status: () => agent?.status() ?? IDLE_STATUS,
    history: (query) => agent?.history(query) ?? [],
    averagePressure: (ms) => agent?.averagePressure(ms) ?? 0,
    trend: () => agent?.trend() ?? IDLE_TREND,
    reclaimTargetBytes: () => agent?.reclaimTargetBytes() ?? 0,
    onPressure: (topic, handler, options) => enlist((it) => it.onPressure(topic, handler, options)),
    registerReclaimer: (reclaimer) => enlist((it) => it.registerReclaimer(reclaimer)),
    registerCache: (cache, options) => enlist((it) => it.registerCache(cache, options)),
    adaptive(name, options) {
      let inner: AdaptiveValue | undefined;
      const dispose = enlist((it) => {
        const made = it.adaptive(name, options);
        inner = made;
        return () => made.dispose();
      });
      return {
        get value() {
          return inner?.value ?? options.initial;
        },
        dispose,
      };
    },
    reclaim: async (targetBytes) => (await agent?.reclaim(targetBytes)) ?? NOTHING_RECLAIMED,
    caches: () => agent?.caches() ?? [],
    clearCaches: async (name) => (await agent?.clearCaches(name)) ?? [],
    roomBytes: () => agent?.roomBytes() ?? Infinity,
    shouldShed: (point) => agent?.shouldShed(point) ?? false,
    async stop() {
      cancelLoad();
      workers.stop();
      imports?.stop();
      for (const owner of [globalThis, process]) Reflect.deleteProperty(owner, AGENT_SYMBOL);
      await agent?.stop();
    },
  };

  function attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      process.stderr.write(`${agentFailed(error)}\n`);
      void handle.stop();
    }
  }

  function compileStep(): void {
    const evaluate = compileAgent();
    cancelLoad = systemClock.setTimer(() => attempt(() => startStep(evaluate())), STEP_PAUSE_MS);
  }

  function startStep(launch: typeof Launch): void {
    const launched = launch(overrides, workers.threads, imports);
    agent = launched;
    for (const [key, register] of waiting) enlisted.set(key, register(launched));
    waiting.clear();
  }

  for (const owner of [globalThis, process]) {
    Object.defineProperty(owner, AGENT_SYMBOL, {
      value: handle,
      configurable: true,
      enumerable: false,
      writable: false,
    });
  }
  let cancelLoad = afterTurn(() => attempt(compileStep), LOAD_DELAY_MS);
  return handle;
}
