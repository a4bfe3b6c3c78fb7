import { levelName, LEVELS, type Level } from '../model/level.ts';
import type { Assessment } from '../model/assessment.ts';
import type { AgentEvent } from '../model/event.ts';
import type { PressureHandler, PressureHandlerOptions, PressureTopic } from '../model/handle.ts';
import { problem, type Problem } from '../model/problem.ts';
import type { Outcome } from '../model/snapshot.ts';
import type { ActionCounts } from './counts.ts';

/**
 * Runs the application's pressure handlers: each alone, none able to harm another or the agent.
 * A handler that is still running is not called again; one that throws, rejects or overruns is counted and named.
 */

/** While a level lasts, its handlers are told again after this long: memory given back may have been taken again. */
export const RENOTIFY_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 600_000;
/** Names are metric labels: later ones are counted together. */
const MAX_NAMES = 20;
const OTHER_NAME = '_other';

export interface CallbackWorld {
  readonly counts: ActionCounts;
  wallMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  onProblem(problem: Problem): void;
  onEvent(event: AgentEvent): void;
}

interface Subscription {
  readonly topic: PressureTopic;
  readonly handler: PressureHandler;
  readonly name: string;
  readonly timeoutMs: number;
  notifiedAtMs: number;
  running: boolean;
}

export interface Callbacks {
  subscribe(topic: PressureTopic, handler: PressureHandler, options?: PressureHandlerOptions): () => void;
  /** One step of the flow: tells whoever this assessment concerns. */
  respond(previous: Level, assessment: Assessment, targetBytes: number, act: boolean): void;
}

export function createCallbacks(world: CallbackWorld): Callbacks {
  const subscriptions = new Set<Subscription>();
  const names = new Set<string>();
  let anonymous = 0;

  function boundedName(wanted: string): string {
    if (names.has(wanted)) return wanted;
    const name = names.size < MAX_NAMES ? wanted : OTHER_NAME;
    names.add(name);
    return name;
  }

  function finish(subscription: Subscription, outcome: Outcome, detail: string): void {
    world.counts.add(subscription.name, outcome);
    world.onEvent({ name: 'plimsoll.action.finished', action: subscription.name, outcome, detail });
  }

  function fail(subscription: Subscription, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    world.onProblem(
      problem('PLM_HANDLER_FAILED', `handler ${subscription.name} failed: ${why}. The other handlers run.`),
    );
    finish(subscription, 'failed', why);
  }

  function call(subscription: Subscription, previous: Level, assessment: Assessment, targetBytes: number): void {
    const abort = new AbortController();
    subscription.running = true;
    let open = true;
    const cancelTimer = world.setTimer(() => {
      if (!open) return;
      open = false;
      world.onProblem(
        problem(
          'PLM_HANDLER_TIMEOUT',
          `handler ${subscription.name} did not finish within ${subscription.timeoutMs} ms. Its signal is aborted; it is not called again before it ends.`,
        ),
      );
      finish(subscription, 'failed', 'timeout');
      abort.abort();
    }, subscription.timeoutMs);

    function settle(report: () => void): void {
      subscription.running = false;
      cancelTimer();
      if (!open) return;
      open = false;
      report();
    }
    try {
      const result: unknown = subscription.handler({
        level: levelName(assessment.level),
        previous: levelName(previous),
        assessment,
        targetBytes,
        deadlineMs: world.wallMs() + subscription.timeoutMs,
        signal: abort.signal,
      });
      if (!isThenable(result)) {
        settle(() => finish(subscription, 'done', ''));
        return;
      }
      result.then(
        () => settle(() => finish(subscription, 'done', '')),
        (error: unknown) => settle(() => fail(subscription, error)),
      );
    } catch (error) {
      settle(() => fail(subscription, error));
    }
  }

  return {
    subscribe(topic, handler, options = {}) {
      if (typeof handler !== 'function' || !isTopic(topic)) {
        world.onProblem(
          problem(
            'PLM_HANDLER_INVALID',
            `onPressure(${topic}, ${typeof handler}) must be given one of ${TOPICS.join(', ')} and a function. The call is ignored.`,
          ),
        );
        return () => undefined;
      }
      const subscription: Subscription = {
        topic,
        handler,
        name: boundedName(options.name ?? (handler.name === '' ? `handler-${++anonymous}` : handler.name)),
        timeoutMs: Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
        notifiedAtMs: Number.NEGATIVE_INFINITY,
        running: false,
      };
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
      };
    },
    respond(previous, assessment, targetBytes, act) {
      if (subscriptions.size === 0) return;
      // A copy: a handler may subscribe and unsubscribe others.
      const now = Array.from(subscriptions);
      for (const subscription of now) {
        if (!subscriptions.has(subscription)) continue;
        if (!concerns(subscription, previous, assessment)) continue;
        subscription.notifiedAtMs = assessment.atMs;
        if (!act) finish(subscription, 'skipped', 'observe');
        else if (subscription.running) finish(subscription, 'skipped', 'still running');
        else call(subscription, previous, assessment, targetBytes);
      }
    },
  };
}

const TOPICS: readonly PressureTopic[] = ['elevated', 'high', 'critical', 'change', 'exit'];

function isTopic(value: unknown): value is PressureTopic {
  return TOPICS.some((topic) => topic === value);
}

function concerns(subscription: Subscription, previous: Level, assessment: Assessment): boolean {
  const { level, atMs } = assessment;
  if (subscription.topic === 'change') return level !== previous;
  if (subscription.topic === 'exit') return level === 0 && previous !== 0;
  const from = LEVELS.indexOf(subscription.topic);
  if (level < from) return false;
  return previous < from || atMs - subscription.notifiedAtMs >= RENOTIFY_MS;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
