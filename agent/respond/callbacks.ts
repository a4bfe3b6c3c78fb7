import { levelName, LEVELS, type Level } from '../model/level.ts';
import type { Assessment } from '../model/assessment.ts';
import type { AgentEvent } from '../model/event.ts';
import type { PressureHandler, PressureHandlerOptions, PressureNotice, PressureTopic } from '../model/handle.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import type { Outcome } from '../model/snapshot.ts';
import type { ActionCounts } from './counts.ts';
import { isolate, type Ending } from './isolate.ts';

/**
 * Runs the application's pressure handlers: each alone, none able to harm another or the agent. A handler that is still running is not
 * called again; one that throws, rejects, overruns or holds up the loop is named. What blocks the event loop cannot be stopped.
 */

/** While a level lasts, its handlers are told again after this long: memory given back may have been taken again. */
export const RENOTIFY_MS = 60_000;
/** A handler that holds up the loop for so long is named; a major collection inside of it may be a part of that. */
export const SLOW_HANDLER_MS = 100;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 600_000;
/** Names are metric labels: later ones are counted together. */
const MAX_NAMES = 20;
const OTHER_NAME = '_other';

export interface CallbackWorld {
  readonly counts: ActionCounts;
  wallMs(): number;
  monotonicMs(): number;
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

  function finish(action: string, outcome: Outcome, detail: string): void {
    world.counts.add(action, outcome);
    world.onEvent({ name: 'plimsoll.action.finished', action, outcome, detail });
  }

  function nameOf(handler: PressureHandler, wanted: unknown): string {
    const own: unknown = wanted ?? handler.name;
    return boundedName(typeof own === 'string' && own !== '' ? own : `handler-${++anonymous}`);
  }

  function report({ name, timeoutMs }: Subscription, ending: Ending<unknown>, blockedMs: number): void {
    switch (ending.kind) {
      case 'threw': {
        const why = whyOf(ending.error);
        world.onProblem(problem('PLM_HANDLER_FAILED', `handler ${name} failed: ${why}. The other handlers run.`));
        finish(name, 'failed', why);
        break;
      }
      case 'overran':
      case 'stopped':
        world.onProblem(
          problem(
            'PLM_HANDLER_TIMEOUT',
            `handler ${name} did not finish within ${timeoutMs} ms. Its signal is aborted; it is not called again before it ends.`,
          ),
        );
        finish(name, 'failed', `it did not finish within ${timeoutMs} ms`);
        break;
      case 'returned':
        finish(name, 'done', blockedMs < SLOW_HANDLER_MS ? '' : `it held up the event loop for ${blockedMs} ms`);
    }
  }

  function call(subscription: Subscription, notice: Omit<PressureNotice, 'deadlineMs' | 'signal'>): void {
    const { name, handler, timeoutMs } = subscription;
    let blockedMs = 0;
    subscription.running = true;
    isolate<unknown>({
      run(signal) {
        const startMs = world.monotonicMs();
        try {
          return handler({ ...notice, deadlineMs: world.wallMs() + timeoutMs, signal });
        } finally {
          blockedMs = Math.round(world.monotonicMs() - startMs);
        }
      },
      timeMs: timeoutMs,
      setTimer: world.setTimer,
      onSettled() {
        subscription.running = false;
      },
      onEnd: (ending) => report(subscription, ending, blockedMs),
    });
    if (blockedMs < SLOW_HANDLER_MS) return;
    world.onProblem(
      problem(
        'PLM_HANDLER_SLOW',
        `handler ${name} held up the event loop for ${blockedMs} ms. Must give it back within ${SLOW_HANDLER_MS} ms, as requests wait meanwhile. The other handlers run after it.`,
      ),
    );
  }

  return {
    subscribe(topic, handler, options) {
      if (typeof handler !== 'function' || !isTopic(topic)) {
        world.onProblem(
          problem(
            'PLM_HANDLER_INVALID',
            `onPressure(${typeof topic === 'string' ? topic : typeof topic}, ${typeof handler}) must be given one of ${TOPICS.join(', ')} and a function. The call is ignored.`,
          ),
        );
        return () => undefined;
      }
      const subscription: Subscription = {
        topic,
        handler,
        name: nameOf(handler, options?.name),
        timeoutMs: timeoutOf(options?.timeoutMs),
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
      const level = levelName(assessment.level);
      // A copy: a handler may subscribe and unsubscribe others.
      const now = Array.from(subscriptions);
      for (const subscription of now) {
        if (!subscriptions.has(subscription)) continue;
        if (!concerns(subscription, previous, assessment)) continue;
        subscription.notifiedAtMs = assessment.atMs;
        const { name } = subscription;
        if (!act) finish(name, 'skipped', `observe: would be told ${level}`);
        else if (subscription.running) finish(name, 'skipped', 'the last call of it is still running');
        else {
          // Each gets its own: what one does to it is no other's, and the classifier goes on from the real one.
          call(subscription, {
            level,
            previous: levelName(previous),
            assessment: structuredClone(assessment),
            targetBytes,
          });
        }
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

function timeoutOf(wantedMs: unknown): number {
  if (typeof wantedMs !== 'number' || !(wantedMs > 0)) return DEFAULT_TIMEOUT_MS;
  return Math.min(wantedMs, MAX_TIMEOUT_MS);
}
