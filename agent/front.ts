/**
 * The agent's handle from the application's first line on. Until the agent is there it answers as at normal, and keeps
 * the handlers that the application brings.
 */
import type { launch as Launch } from './launch.ts';
import { AGENT_SYMBOL, IDLE_STATUS, IDLE_TREND, type AgentHandle } from './model/handle.ts';
import { agentFailed } from './model/problem.ts';
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
  const waiting = new Map<symbol, () => () => void>();
  const subscribed = new Map<symbol, () => void>();

  const handle: AgentHandle = {
    version: VERSION,
    status: () => agent?.status() ?? IDLE_STATUS,
    history: (query) => agent?.history(query) ?? [],
    averagePressure: (ms) => agent?.averagePressure(ms) ?? 0,
    trend: () => agent?.trend() ?? IDLE_TREND,
    reclaimTargetBytes: () => agent?.reclaimTargetBytes() ?? 0,
    onPressure(topic, handler, options) {
      if (agent !== undefined) return agent.onPressure(topic, handler, options);
      const key = Symbol('handler');
      waiting.set(key, () => agent?.onPressure(topic, handler, options) ?? (() => undefined));
      return () => {
        waiting.delete(key);
        subscribed.get(key)?.();
      };
    },
    async stop() {
      cancelLoad();
      workers.stop();
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
    agent = launch(overrides, workers.threads);
    for (const [key, subscribe] of waiting) subscribed.set(key, subscribe());
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
