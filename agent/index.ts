/**
 * The public API: a thin façade over the agent of this process. Without an agent every call is a cheap no-op that
 * answers as at `normal`.
 */
import { createRequire } from 'node:module';

import {
  findAgent,
  IDLE_STATUS,
  IDLE_TREND,
  MANUAL_START,
  type AgentHandle,
  type HistoryQuery,
  type PressureHandler,
  type PressureHandlerOptions,
  type PressureTopic,
  type Status,
  type Trend,
} from './model/handle.ts';
import type { HistoryRow } from './model/window.ts';
import type { StartOptions } from './model/start-options.ts';

export type { Assessment, ConstraintAssessment, Reason, Weight } from './model/assessment.ts';
export type { Constraint } from './model/constraint.ts';
export type {
  HistoryQuery,
  PressureHandler,
  PressureHandlerOptions,
  PressureNotice,
  PressureTopic,
  Status,
  Trend,
} from './model/handle.ts';
export type { Level, LevelName } from './model/level.ts';
export type { Degradation, Mode } from './model/snapshot.ts';
export type { HistoryRow, Resolution } from './model/window.ts';
export type { StartOptions } from './model/start-options.ts';

/**
 * Starts the agent, for those who cannot preload it. A running agent stays as it is.
 * Bad options never throw: each is one coded line on stderr, and its default is used.
 */
export function start(options: StartOptions = {}): void {
  if (findAgent() !== undefined) return;
  const owner = process as unknown as Record<symbol, unknown>;
  owner[MANUAL_START] = true;
  try {
    const load = createRequire(__filename);
    const { launch } = load('./register.cjs') as { launch(overrides: StartOptions): AgentHandle };
    launch(options);
  } finally {
    delete owner[MANUAL_START];
  }
}

/** Releases every timer, file and listener of the agent. Resolves when all are gone; a no-op without an agent. */
export async function stop(): Promise<void> {
  await findAgent()?.stop();
}

/** What the agent knows. Nothing here throws; without an agent everything answers as at `normal`. */
export const monitor = {
  /** Assessment and latest sample as plain data. */
  status: (): Status => findAgent()?.status() ?? IDLE_STATUS,
  /** Rows of the in-process window, oldest first: 1 s × 10 min, 10 s × 2 h, 60 s × 48 h. */
  history: (query?: HistoryQuery): readonly HistoryRow[] => findAgent()?.history(query) ?? [],
  /** Mean pressure, a ratio, over the last `ms`. */
  averagePressure: (ms: number): number => findAgent()?.averagePressure(ms) ?? 0,
  trend: (): Trend => findAgent()?.trend() ?? IDLE_TREND,
  /** Level is elevated or worse. */
  isUnderPressure: (): boolean => (findAgent()?.status().assessment.level ?? 0) >= 1,
  isCritical: (): boolean => findAgent()?.status().assessment.level === 3,
  /** Bytes it would help to give back now; 0 at normal. */
  reclaimTargetBytes: (): number => findAgent()?.reclaimTargetBytes() ?? 0,
};

/**
 * Calls `handler` once when the level rises to `topic` or past it, and again each minute while that lasts; on
 * `change` at any change; on `exit` when the level is back at normal. Handlers run alone: one that throws, rejects
 * or overruns its time is counted, named in a line on stderr, and stops nobody else. Returns what unsubscribes it.
 */
export function onPressure(
  topic: PressureTopic,
  handler: PressureHandler,
  options?: PressureHandlerOptions,
): () => void {
  return findAgent()?.onPressure(topic, handler, options) ?? (() => undefined);
}
