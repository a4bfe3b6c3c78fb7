/** Which requests to refuse: none up to `high`, more the nearer to the limit. */
import type { Assessment } from '../model/assessment.ts';
import type { AgentEvent } from '../model/event.ts';
import { thresholdsOf, type Policy } from '../model/policy.ts';
import type { Outcome, ShedCount } from '../model/snapshot.ts';
import { createBoundedNames } from './bounded-names.ts';
import type { ActionCounts } from './counts.ts';

/** As it is counted and told, once for each point and episode. */
const SHED_ACTION = 'shed-requests';

/** From critical's threshold on. Some are always let in: a process that does nothing collects no garbage, and never recovers. */
const MOST_REFUSED_RATIO = 0.9;
/** An assessment that is older says nothing about now; at `high` a sample is never this long away. */
const STALE_AFTER_MS = 5_000;
/** Retry-After at high's threshold and at critical's. */
const LEAST_RETRY_SECONDS = 2;
const MOST_RETRY_SECONDS = 30;

export interface SheddingParts {
  readonly counts: ActionCounts;
  /** 0 up to 1, evenly spread. */
  random(): number;
  monotonicMs(): number;
  onEvent(event: AgentEvent): void;
}

export interface Shedding {
  /** One step of the flow. `act` false: refuses nothing, and says what it would have refused. */
  respond(assessment: Assessment, policy: Policy, act: boolean): void;
  /** Whether to refuse now; counted when so. */
  shouldShed(point: string): boolean;
  /** For Retry-After: the longer the harder it presses, and not the same for all. */
  retryAfterSeconds(): number;
  /** The run is over: nothing is refused until the next. */
  rest(): void;
  counts(): readonly ShedCount[];
}

interface Point {
  readonly point: string;
  count: number;
  /** What is owed in refusals: grows with each request by the part to refuse, falls by 1 with each refused. */
  owed: number;
  /** Told in this episode. */
  isTold: boolean;
}

export function createShedding({ counts, random, monotonicMs, onEvent }: SheddingParts): Shedding {
  const points: Point[] = [];
  const boundedName = createBoundedNames(() => {});
  let urgency = 0;
  let assessedAtMs = -Infinity;
  let acts = false;

  function pointOf(wanted: string): Point {
    const name = boundedName(wanted);
    const known = points.find(({ point }) => point === name);
    if (known !== undefined) return known;
    const point = { point: name, count: 0, owed: 0, isTold: false };
    points.push(point);
    return point;
  }

  /** Never more than one and a half requests away from its part, and in no rhythm that a client's own could meet. */
  function isNext(point: Point): boolean {
    point.owed += MOST_REFUSED_RATIO * urgency;
    if (point.owed < 0.5 + random()) return false;
    point.owed -= 1;
    return true;
  }

  function tell(point: Point, outcome: Outcome): void {
    if (point.isTold) return;
    point.isTold = true;
    const part = `${Math.round(100 * MOST_REFUSED_RATIO * urgency)} % of the requests at ${point.point}`;
    counts.add(SHED_ACTION, outcome);
    const detail = outcome === 'done' ? `refuses ${part}` : `observe: would refuse ${part}`;
    onEvent({ name: 'plimsoll.action.finished', action: SHED_ACTION, outcome, detail });
  }

  function forget(): void {
    for (const point of points) {
      point.owed = 0;
      point.isTold = false;
    }
  }

  return {
    respond(assessment, policy, act) {
      if (act !== acts) forget();
      acts = act;
      assessedAtMs = assessment.atMs;
      urgency = urgencyOf(assessment, policy);
      if (assessment.level < 2) forget();
    },
    shouldShed(wanted) {
      if (urgency === 0 || monotonicMs() - assessedAtMs > STALE_AFTER_MS) return false;
      const point = pointOf(wanted);
      if (!isNext(point)) return false;
      tell(point, acts ? 'done' : 'skipped');
      if (acts) point.count += 1;
      return acts;
    },
    retryAfterSeconds() {
      const seconds = LEAST_RETRY_SECONDS + urgency * (MOST_RETRY_SECONDS - LEAST_RETRY_SECONDS);
      return Math.ceil(seconds * (0.75 + 0.5 * random()));
    },
    rest() {
      urgency = 0;
      forget();
    },
    counts: () => points.filter(({ count }) => count > 0).map(({ point, count }) => ({ point, count })),
  };
}

/**
 * 0 at high's threshold, 1 from critical's on, of the ceiling that is furthest. A level that is only held, and a ceiling whose readings are
 * missing, refuse nobody.
 */
function urgencyOf({ level, constraints }: Assessment, policy: Policy): number {
  if (level < 2) return 0;
  let most = 0;
  for (const ceiling of constraints) {
    if (ceiling.weight === 'elevated') continue;
    const [, high, critical] = thresholdsOf(ceiling, policy).enter;
    const from = high ?? critical;
    if (from === undefined || ceiling.utilizationRatio < from) continue;
    const full = critical ?? Math.max(1, from);
    most = Math.max(most, full > from ? (ceiling.utilizationRatio - from) / (full - from) : 1);
  }
  return Math.min(1, most);
}
