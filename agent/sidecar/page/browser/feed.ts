/** Asks the API for what the page shows, and keeps it fresh. */
import type {
  ApiCacheStats,
  ApiEvent,
  ApiEvents,
  ApiHistory,
  ApiMemoryStatus,
  ApiPoint,
  ApiPostmortems,
} from '../../api/types.ts';
import type { Postmortem } from '../../../model/postmortem.ts';
import type { Api } from './api.ts';
import type { Message } from './event-stream.ts';
import { keepLive, type Live } from './live.ts';
import { createState, seedPoints, takeEvents, takePoints, takePostmortems, takeStatus, type State } from './state.ts';

/** Constraints, degradations and caches are in no sample. */
const ASK_AGAIN_MS = 3000;
/** A process that appears comes with several messages. */
const SETTLE_MS = 100;

export interface Feed {
  readonly state: State;
  /** Answers what ends it. */
  subscribe(listener: () => void): () => void;
  tryNow(): void;
}

export function startFeed(api: Api): Feed {
  const state = createState();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  let live: Live | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;

  /** A page that nobody looks at asks nothing. */
  async function askAgain(withPast = false): Promise<void> {
    if (document.hidden || state.connection.kind !== 'live') return;
    try {
      const [status, { caches }] = await Promise.all([
        api.get<ApiMemoryStatus>('memory/status'),
        api.get<ApiCacheStats>('cache/stats'),
        withPast ? askEvents() : undefined,
      ]);
      takeStatus(state, status);
      state.caches = caches;
      changed();
    } catch {
      live?.drop();
    }
  }

  /** What the sidecar itself says of a death comes with no stream. */
  async function askEvents(): Promise<void> {
    const { events } = await api.get<ApiEvents>('events');
    takeEvents(state, events);
  }

  async function askOnce(): Promise<void> {
    try {
      const [, { postmortems }, { points }] = await Promise.all([
        askEvents(),
        api.get<ApiPostmortems>('postmortems'),
        api.get<ApiHistory>('memory/history', { since: '60s', resolution: '10s', limit: 1000 }),
      ]);
      takePostmortems(state, postmortems);
      seedPoints(state, points);
      changed();
    } catch {
      // the stream tells whether the API is there
    }
  }

  function askSoon(): void {
    settling ??= setTimeout(() => {
      settling = undefined;
      void askAgain(true);
    }, SETTLE_MS);
  }

  function take({ event, data }: Message): void {
    const body: unknown = JSON.parse(data);
    switch (event) {
      case 'status':
        takeStatus(state, body as ApiMemoryStatus);
        break;
      case 'samples':
        if (takePoints(state, body as readonly ApiPoint[])) askSoon();
        break;
      case 'event':
        takeEvents(state, [body as ApiEvent]);
        break;
      case 'postmortem':
        takePostmortems(state, [body as Postmortem]);
        askSoon();
        break;
      default:
        return;
    }
    changed();
  }

  live = keepLive(api, take, (connection) => {
    state.connection = connection;
    if (connection.kind === 'live') {
      void askAgain();
      void askOnce();
    }
    changed();
  });
  setInterval(() => void askAgain(), ASK_AGAIN_MS);
  document.addEventListener('visibilitychange', () => void askAgain());
  return {
    state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tryNow: () => live?.tryNow(),
  };
}
