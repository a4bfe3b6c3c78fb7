import {
  classify,
  describeReason,
  drilled,
  isConfirming,
  isRaised,
  writeDrill,
  writeVerdict,
  type Verdict,
} from './classify/index.ts';
import type { Assessment } from './model/assessment.ts';
import type { AgentEvent } from './model/event.ts';
import type { Policy } from './model/policy.ts';
import type { Level } from './model/level.ts';
import type { Row } from './model/row.ts';
import type { Source } from './model/source.ts';
import type { Clock } from './sample/clock.ts';
import { distances } from './sample/pace.ts';
import { createSampler, type Outlook, type Sampler } from './sample/sampler.ts';
import type { Window } from './model/window.ts';

/** The flow, on one screen: source → sample → classify → respond → publish. */
export interface PipelineParts {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly intervalMinMs: number;
  readonly policy: Policy;
  readonly window: Window;
  /** Handlers, reclaim, adaptive values, shedding, captures. */
  respond(previous: Level, assessment: Assessment, row: Row): void;
  /** What a drill asks for; 0: there is none. */
  drillLevel(): Level;
  /** To the ring file and the exporter. */
  publish(row: Row, assessment: Assessment): void;
  onEvent(event: AgentEvent): void;
  onLateness(ms: number): void;
  onFailure(error: unknown): void;
}

export interface Pipeline {
  readonly sampler: Sampler;
  assessment(): Assessment | undefined;
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { sources, clock, intervalMs, intervalMinMs, policy, window } = parts;
  let verdict: Verdict | undefined;
  /** The verdict's, or what a drill makes of it. */
  let published: Assessment | undefined;

  // 1. source, 2. sample: the sampler reads every source into one row …
  const sampler = createSampler({
    sources,
    clock,
    intervalMs,
    intervalMinMs,
    onSample,
    onLateness: parts.onLateness,
    onFailure: parts.onFailure,
  });

  // … and hands it to the other three.
  function onSample(row: Row): Outlook {
    const before = published;
    const drillLevel = parts.drillLevel();

    // 3. classify
    verdict = classify(row, policy, verdict);
    writeVerdict(row, verdict);
    published = drilled(verdict.assessment, drillLevel, before);
    writeDrill(row, published, drillLevel);
    window.push(row);

    // 4. respond
    const assessment = published;
    const previous = before?.level ?? 0;
    parts.respond(previous, assessment, row);

    // 5. publish
    parts.publish(row, assessment);
    if (assessment.level !== previous) {
      const isDrill = isRaised(assessment) || (before !== undefined && isRaised(before));
      parts.onEvent({ name: 'plimsoll.pressure.changed', previous, assessment, ...(isDrill ? { isDrill } : {}) });
    }
    if (before !== undefined) publishLimitChanges(before, assessment, parts.onEvent);

    return {
      distances: distances(row, assessment, policy),
      confirming: isConfirming(verdict),
      everyTick: assessment.level >= 2,
    };
  }

  return { sampler, assessment: () => published };
}

function publishLimitChanges(before: Assessment, now: Assessment, onEvent: (event: AgentEvent) => void): void {
  for (const { constraint, limitBytes } of now.constraints) {
    if (constraint === 'host') continue;
    if (constraint === 'worker') continue; // another one is the fullest now
    const old = before.constraints.find((other) => other.constraint === constraint);
    if (old !== undefined && old.limitBytes !== limitBytes) {
      onEvent({ name: 'plimsoll.limit.changed', constraint, fromBytes: old.limitBytes, toBytes: limitBytes });
    }
  }
}

/** One line for a person: why the level is what it is, and what is left. */
export function describeAssessment({ reasons, headroomBytes, timeToLimitSeconds }: Assessment): string {
  const parts = reasons.map(describeReason);
  if (headroomBytes !== undefined) parts.push(`${Math.max(0, Math.round(headroomBytes / 2 ** 20))} MiB left`);
  if (timeToLimitSeconds !== undefined) parts.push(`limit in about ${Math.round(timeToLimitSeconds)} s`);
  return parts.join('; ');
}
