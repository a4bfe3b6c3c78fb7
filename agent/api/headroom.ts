/**
 * `waitForHeadroom`: whoever waits is let through in the order of asking, as soon as the process has the room below `high`. What was
 * promised is taken off the room until a later sample can have seen it, so that one reading is not promised to many.
 */
import { findAgent } from '../model/handle.ts';
import { problem, problemLine, type ProblemCode } from '../model/problem.ts';

export interface HeadroomOptions {
  /** Its abort rejects the promise with its reason. */
  readonly signal?: AbortSignal;
  /** After this it rejects with the code PLM_HEADROOM_TIMEOUT; default 60 000, Infinity: never. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** As often as the agent samples near a limit. */
const LOOK_INTERVAL_MS = 50;
/** From the promise to the allocation; a sample this much later has seen it. */
const SETTLE_MS = 250;
/**
 * Whoever waits allocates nothing, so that V8 sees no reason to collect what died meanwhile: then memory is asked for, and again after twice
 * that time.
 */
const RECLAIM_AFTER_MS = 250;
const LONGEST_BETWEEN_RECLAIMS_MS = 30_000;
/** What a timer of Node.js can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiter {
  readonly bytes: number;
  resolve(): void;
}

const queue: Waiter[] = [];
let promised: { readonly bytes: number; readonly atMs: number }[] = [];
let looking: NodeJS.Timeout | undefined;
let reclaimAtMs = Infinity;
let betweenReclaimsMs = RECLAIM_AFTER_MS;

/**
 * Without an agent, in `observe`, and where nothing limits the process it resolves at once. A wait keeps the process alive, as any work
 * of the application does: a batch must not end in its middle.
 */
export function waitForHeadroom(bytes: number, { signal, timeoutMs }: HeadroomOptions = {}): Promise<void> {
  const wanted = bytes > 0 ? bytes : 0;
  if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
  if (queue.length === 0 && hasRoom(wanted)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const afterMs = timeoutMs !== undefined && timeoutMs >= 0 ? timeoutMs : DEFAULT_TIMEOUT_MS;
    const waiter: Waiter = {
      bytes: wanted,
      resolve() {
        settle();
        resolve();
      },
    };
    const timer = afterMs > MAX_TIMER_MS ? undefined : setTimeout(giveUp, afterMs, timedOut(wanted, afterMs));
    const onAbort = (): void => giveUp(signal === undefined ? undefined : reasonOf(signal));

    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }

    function giveUp(reason: unknown): void {
      settle();
      queue.splice(queue.indexOf(waiter), 1);
      letThrough(); // whoever wanted less may have been waiting behind it
      reject(reason);
    }

    signal?.addEventListener('abort', onAbort);
    queue.push(waiter);
    if (queue.length === 1) startPatience();
    looking ??= setInterval(look, LOOK_INTERVAL_MS);
  });
}

function look(): void {
  letThrough();
  const [first] = queue;
  if (first === undefined || performance.now() < reclaimAtMs) return;
  betweenReclaimsMs = Math.min(2 * betweenReclaimsMs, LONGEST_BETWEEN_RECLAIMS_MS);
  reclaimAtMs = performance.now() + betweenReclaimsMs;
  void findAgent()?.reclaim(Math.max(1, first.bytes));
}

function startPatience(): void {
  betweenReclaimsMs = RECLAIM_AFTER_MS;
  reclaimAtMs = performance.now() + betweenReclaimsMs;
}

function letThrough(): void {
  while (queue[0] !== undefined && hasRoom(queue[0].bytes)) {
    queue.shift()?.resolve();
    startPatience();
  }
  if (queue.length > 0) return;
  clearInterval(looking);
  looking = undefined;
}

/** Promises it when so. */
function hasRoom(bytes: number): boolean {
  const agent = findAgent();
  const roomBytes = agent?.roomBytes() ?? Infinity;
  if (agent === undefined || roomBytes === Infinity) {
    promised = [];
    return true;
  }
  if (promised.length > 0) {
    const { atMs: sampledAtMs } = agent.status().assessment;
    promised = promised.filter(({ atMs }) => sampledAtMs - atMs < SETTLE_MS);
  }
  const left = promised.reduce((room, promise) => room - promise.bytes, roomBytes);
  if (left < bytes) return false;
  if (bytes > 0) promised.push({ bytes, atMs: performance.now() });
  return true;
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error;
}

/** Made where it is waited, so that its stack says who waits. */
function timedOut(bytes: number, timeoutMs: number): Error & { readonly code: ProblemCode } {
  const code = 'PLM_HEADROOM_TIMEOUT';
  const found = problem(code, `no room for ${bytes} bytes below high within ${timeoutMs} ms. Nothing was promised.`);
  return Object.assign(new Error(problemLine(found)), { code } as const);
}
