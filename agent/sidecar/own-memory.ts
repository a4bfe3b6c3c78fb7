/** The sidecar watches its own memory by the agent's own sources and classifier: who watches a container must not be what kills it. */
import { createSources, nodeRuntime } from '../../instrumentation/sources/index.ts';
import { createPolicy } from '../config/presets.ts';
import type { Options } from '../config/options.ts';
import { levelName, type Level } from '../model/level.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import type { Window } from '../model/window.ts';
import { createPipeline, describeAssessment } from '../pipeline.ts';
import type { Clock } from '../sample/clock.ts';

export interface OwnMemoryParts {
  readonly options: Options;
  readonly clock: Clock;
  /** The process's own. */
  readonly nodeOptions: string;
  /** The level is another one: what is kept is to be less, or may be more again. */
  onLevel(level: Level): void;
  onProblem(problem: Problem): void;
}

const INTERVAL_MS = 2000;
const INTERVAL_MIN_MS = 500;
/** Nobody asks for it. */
const NO_WINDOW: Window = { push() {}, rows: () => [] };

/** Answers what ends it. */
export async function watchOwnMemory(parts: OwnMemoryParts): Promise<() => void> {
  const { options, clock } = parts;
  const { sources, recordLateness } = await createSources({
    root: '',
    platform: process.platform,
    runtime: nodeRuntime,
    execArgv: process.execArgv,
    nodeOptions: parts.nodeOptions,
    processBudgetBytes: undefined,
    monotonicMs: clock.monotonicMs,
    requestSample() {},
  });
  let level: Level = 0;
  let told = false;
  const { sampler } = createPipeline({
    sources,
    clock,
    intervalMs: INTERVAL_MS,
    intervalMinMs: INTERVAL_MIN_MS,
    policy: createPolicy(options),
    window: NO_WINDOW,
    drillLevel: () => 0,
    publish() {},
    respond(_previous, assessment) {
      // a full machine is not of our making, and what we keep would not help it
      const next = assessment.binding === 'host' ? 0 : assessment.level;
      if (next === level) return;
      level = next;
      parts.onLevel(level);
      if (level < 2 || told) return;
      told = true;
      const what = `the sidecar is at ${levelName(level)} itself (${describeAssessment(assessment)})`;
      parts.onProblem(
        problem('PLM_SIDECAR_MEMORY', `${what}; it keeps less history and fewer events until that is over.`),
      );
    },
    onEvent() {},
    onLateness: recordLateness,
    onFailure: (error) => parts.onProblem(problem('PLM_SIDECAR_FAILED', `watching its own memory: ${whyOf(error)}`)),
  });
  sampler.start();
  return () => {
    sampler.stop();
    for (const source of sources) source.close();
  };
}
