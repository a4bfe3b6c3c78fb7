/** What the page knows, and how each message changes it. */
import type { ApiCache, ApiEvent, ApiMemoryStatus, ApiPoint, ApiProcess } from '../../api/types.ts';
import type { DeathCount, Postmortem } from '../../../model/postmortem.ts';

/** As much as the charts show of what came live. */
const KEPT_POINTS = 200;
const KEPT_EVENTS = 500;

/** To the stream of events. */
export type Connection =
  | { readonly kind: 'connecting' | 'live' | 'unauthorized' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly nextMs: number; readonly reason: string };

/** An event of the stream, or of before the page was opened. */
export type FeedItem = Pick<ApiEvent, 'instance' | 'wallMs' | 'severity' | 'name' | 'text'>;

export interface State {
  connection: Connection;
  /** Wall clock of the sidecar, ms, at the last answer; 0: none came yet. */
  nowMs: number;
  /** Clock of this browser, ms, when the last answer came. */
  heardMs: number;
  readonly processes: Map<string, ApiProcess>;
  /** The newest of each process, oldest first. */
  readonly points: Map<string, ApiPoint[]>;
  deaths: readonly DeathCount[];
  caches: readonly ApiCache[];
  /** Newest first. */
  feed: readonly FeedItem[];
  /** Newest first. */
  postmortems: readonly Postmortem[];
}

export function createState(): State {
  return {
    connection: { kind: 'connecting' },
    nowMs: 0,
    heardMs: 0,
    processes: new Map(),
    points: new Map(),
    deaths: [],
    caches: [],
    feed: [],
    postmortems: [],
  };
}

/** The sidecar's wall clock now: the browser's may be wrong. */
export function nowOf(state: State): number {
  return state.nowMs === 0 ? Date.now() : state.nowMs + (Date.now() - state.heardMs);
}

export function takeStatus(state: State, status: ApiMemoryStatus): void {
  hear(state, status.nowMs);
  state.deaths = status.deaths;
  const present = new Set(status.processes.map(({ instance }) => instance));
  for (const instance of state.processes.keys()) {
    if (present.has(instance)) continue;
    state.processes.delete(instance);
    state.points.delete(instance);
  }
  for (const process of status.processes) state.processes.set(process.instance, process);
}

/** Answers whether one is of a process that is not known yet. */
export function takePoints(state: State, points: readonly ApiPoint[]): boolean {
  let isStranger = false;
  for (const point of points) {
    const process = state.processes.get(point.instance);
    if (process === undefined) {
      isStranger = true;
      continue;
    }
    state.processes.set(point.instance, withPoint(process, point));
    const kept = state.points.get(point.instance) ?? [];
    if ((kept.at(-1)?.wallMs ?? 0) < point.wallMs) kept.push(point);
    if (kept.length > KEPT_POINTS) kept.splice(0, kept.length - KEPT_POINTS);
    state.points.set(point.instance, kept);
  }
  const newest = points.reduce((latest, { wallMs }) => Math.max(latest, wallMs), 0);
  if (newest > nowOf(state)) hear(state, newest);
  return isStranger;
}

/** What was before the page was opened. */
export function seedPoints(state: State, points: readonly ApiPoint[]): void {
  for (const instance of new Set(points.map((point) => point.instance))) {
    const known = state.points.get(instance) ?? [];
    const firstMs = known[0]?.wallMs ?? Infinity;
    const before = points.filter((point) => point.instance === instance && point.wallMs < firstMs);
    state.points.set(instance, [...before, ...known].slice(-KEPT_POINTS));
  }
}

function withPoint(process: ApiProcess, point: ApiPoint): ApiProcess {
  const { wallMs, usageBytes, limitBytes, pressureRatio, headroomBytes, timeToLimitSeconds, ...rest } = point;
  const isSameLevel = process.level === point.level;
  return {
    ...process,
    ...rest,
    pressureRatio,
    headroomBytes,
    timeToLimitSeconds,
    sampleMs: wallMs,
    levelSinceMs: isSameLevel ? process.levelSinceMs : wallMs,
    constraints: process.constraints.map((constraint) =>
      constraint.constraint === point.binding
        ? {
            ...constraint,
            usageBytes,
            limitBytes,
            headroomBytes,
            timeToLimitSeconds,
            utilizationRatio: pressureRatio ?? constraint.utilizationRatio,
          }
        : constraint,
    ),
  };
}

export function takeEvents(state: State, items: readonly FeedItem[]): void {
  state.feed = withEvents(state.feed, items).slice(0, KEPT_EVENTS);
}

/** Newest first, each once: what is asked for comes by the stream too. */
export function withEvents(known: readonly FeedItem[], items: readonly FeedItem[]): readonly FeedItem[] {
  const keys = new Set(known.map(keyOf));
  const fresh = items.filter((item) => !keys.has(keyOf(item)));
  return fresh.length === 0 ? known : [...fresh, ...known].toSorted((a, b) => b.wallMs - a.wallMs);
}

export function takePostmortems(state: State, postmortems: readonly Postmortem[]): void {
  const fresh = new Set(postmortems.map(({ instance }) => instance));
  state.postmortems = [...postmortems, ...state.postmortems.filter(({ instance }) => !fresh.has(instance))].toSorted(
    (a, b) => (b.diedMs ?? b.foundMs) - (a.diedMs ?? a.foundMs),
  );
}

function keyOf({ instance, wallMs, name, text }: FeedItem): string {
  return `${instance} ${wallMs} ${name} ${text}`;
}

function hear(state: State, nowMs: number): void {
  state.nowMs = nowMs;
  state.heardMs = Date.now();
}
