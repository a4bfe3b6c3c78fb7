/** Keeps the stream of events open: tries again with growing pauses, and says since when it has been away. */
import { ApiError, isUnauthorized, type Api } from './api.ts';
import { createEventParser, type Message } from './event-stream.ts';
import type { Connection } from './state.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

export interface Live {
  /** Does not wait for the rest of a pause. */
  tryNow(): void;
  /** A connection that is silent while nobody answers elsewhere is none. */
  drop(): void;
}

export function keepLive(
  api: Api,
  onMessage: (message: Message) => void,
  onConnection: (connection: Connection) => void,
): Live {
  let pauseMs = FIRST_PAUSE_MS;
  let lostSinceMs: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isTrying = false;
  let abort = new AbortController();

  async function follow(): Promise<void> {
    const stream = await api.events(abort.signal);
    lostSinceMs = undefined;
    pauseMs = FIRST_PAUSE_MS;
    onConnection({ kind: 'live' });
    const parse = createEventParser(onMessage);
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parse(decoder.decode(value, { stream: true }));
    }
  }

  async function run(): Promise<void> {
    if (isTrying) return;
    let reason = 'nobody answers at this address';
    isTrying = true;
    clearTimeout(timer);
    abort = new AbortController();
    try {
      await follow();
    } catch (error) {
      if (isUnauthorized(error)) {
        onConnection({ kind: 'unauthorized' });
        return;
      }
      if (error instanceof ApiError) reason = error.message;
    } finally {
      isTrying = false;
    }
    lostSinceMs ??= Date.now();
    onConnection({ kind: 'lost', sinceMs: lostSinceMs, nextMs: Date.now() + pauseMs, reason });
    timer = setTimeout(() => void run(), pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }

  onConnection({ kind: 'connecting' });
  void run();
  return { tryNow: () => void run(), drop: () => abort.abort() };
}
