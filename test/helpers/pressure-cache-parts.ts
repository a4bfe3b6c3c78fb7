/** What a pressure cache is made of, with a clock and timers that the test moves. */
import type { Problem } from '../../agent/model/problem.ts';
import type { PressureCacheParts } from '../../instrumentation/caches/pressure-cache.ts';

export interface TestParts extends PressureCacheParts {
  nowMs: number;
  /** Those that are set and not cancelled. */
  readonly timers: (() => void)[];
  readonly problems: Problem[];
}

export function createTestParts(): TestParts {
  const timers: (() => void)[] = [];
  const problems: Problem[] = [];
  const parts: TestParts = {
    nowMs: 0,
    timers,
    problems,
    wallMs: () => parts.nowMs,
    monotonicMs: () => parts.nowMs,
    setTimer(callback) {
      timers.push(callback);
      return () => {
        if (timers.includes(callback)) timers.splice(timers.indexOf(callback), 1);
      };
    },
    findAgent: () => undefined,
    loadCacache: () => undefined,
    onProblem: (found) => problems.push(found),
  };
  return parts;
}
