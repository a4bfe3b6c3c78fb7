/**
 * One active period of the agent: sources, recorder, pipeline and exporter joined, and taken apart again.
 * A switch of the mode to `off` ends a run; back from it a new one begins.
 */
import { isRaised } from './classify/index.ts';
import { createPolicy } from './config/presets.ts';
import type { Options } from './config/options.ts';
import { createControlling } from './controlling.ts';
import { userDataDirectory } from './config/data-directory.ts';
import { containerOfProcess, isNumbered } from './config/slot.ts';
import { createDegradations } from './degradations.ts';
import { createExporting, type Exporting } from './exporting.ts';
import { createLastWords } from './last-words.ts';
import { createSources, nodeRuntime } from '../instrumentation/sources/index.ts';
import type { Assessment } from './model/assessment.ts';
import type { AgentEvent } from './model/event.ts';
import type { OtlpSettings } from './model/otlp.ts';
import type { Problem } from './model/problem.ts';
import { COL, type Row } from './model/row.ts';
import type { Degradation, Identity, Mode, Snapshot } from './model/snapshot.ts';
import type { World } from './model/source.ts';
import { createPipeline, describeAssessment } from './pipeline.ts';
import { openRecording, type Recording } from './recording.ts';
import { createSuccession } from './succession.ts';
import type { ActiveProtection, Protection } from './protection.ts';
import { pause, type Clock } from './sample/clock.ts';
import type { Sampler } from './sample/sampler.ts';
import { WINDOW_BYTES, type Window } from './model/window.ts';
import type { WorkerThreads } from './model/worker-threads.ts';

/** The exporter waits until the application has had the loop for itself. */
const EXPORTER_DELAY_MS = 200;
/** Between two steps of the start. */
const STEP_PAUSE_MS = 5;
/** What has a drill for its reason while one raises the level. */
const DRILLED: ReadonlySet<AgentEvent['name']> = new Set([
  'plimsoll.action.finished',
  'plimsoll.adaptive.changed',
  'plimsoll.capture.written',
]);
const TERMINATION_LOG = '/dev/termination-log';
/** Unavailable readings seldom change. */
const DEGRADED_INTERVAL_MS = 10_000;

export interface RunParts {
  readonly options: Options;
  readonly otlp: OtlpSettings;
  /** What `auto` exports by when the application has no MeterProvider. */
  readonly fallbackExporter: 'otlp' | 'prometheus';
  readonly identity: Omit<Identity, 'serviceInstanceId' | 'mode' | 'exporter'>;
  readonly clock: Clock;
  readonly window: Window;
  readonly protection: Protection;
  readonly threads: WorkerThreads;
  mode(): Mode;
  /** Younger than 10 s: what ends so soon, and well, leaves nothing behind. */
  isYoung(): boolean;
  onProblem(problem: Problem): void;
  /** What happened in the run, for people: the run tells its exporter itself. */
  onEvent(event: AgentEvent): void;
  onFailure(error: unknown): void;
}

export interface Run {
  readonly row: Row;
  assessment(): Assessment | undefined;
  degraded(): readonly Degradation[];
  listening(): string | undefined;
  /** What happened outside of the run, for its exporter. */
  event(event: AgentEvent): void;
  /** What happens because of a drill says so. */
  marked(event: AgentEvent): AgentEvent;
  readonly recording: Recording;
  readonly active: ActiveProtection;
  /** Since the agent last did anything. */
  idleMs(): number;
  /** The process ends now: what would be left in PLIMSOLL_DIR is removed. Who fails near a limit may fail of it: those last words stay. */
  leave(exitCode: number): void;
  /** Takes everything apart but the ring file, which its owner ends, discards or closes. */
  stop(): Promise<void>;
}

/** In steps, so that none of them holds up the application. */
export async function startRun(parts: RunParts): Promise<Run> {
  const { options, clock, window, protection } = parts;
  const degradations = createDegradations();
  let listening: string | undefined;
  let cancelTimers: (() => void)[] = [];

  let sampler: Sampler | undefined;
  let active: ActiveProtection | undefined;
  const world: World = {
    root: '',
    platform: process.platform,
    runtime: nodeRuntime,
    execArgv: process.execArgv,
    nodeOptions: process.env['NODE_OPTIONS'] ?? '',
    processBudgetBytes: options.processBudgetBytes,
    monotonicMs: clock.monotonicMs,
    requestSample: () => sampler?.request(),
  };
  const { sources, recordLateness } = await createSources(
    world,
    { threads: parts.threads, setTimer: clock.setTimer },
    () => pause(clock, STEP_PAUSE_MS),
    (durationMs) => active?.onMajorCollection(durationMs),
  );
  const policy = createPolicy(options);
  const exporting = openExporting();
  const recording = openRecording({
    options,
    identity: parts.identity,
    sources,
    clock,
    degradations,
    mode: parts.mode,
    snapshot,
    degraded,
    onProblem: parts.onProblem,
  });
  const identity = {
    ...parts.identity,
    serviceInstanceId: recording.instanceId,
  };
  const dataDirectory = options.dataDirectory ?? options.directory ?? userDataDirectory(process.env, process.platform);
  const begun = protection.begin({
    options,
    dataDirectory,
    window,
    snapshot,
    acts: () => parts.mode() === 'protect',
  });
  active = begun;
  const { serviceInstanceId: instanceId } = identity;
  const controlling = createControlling({
    options,
    instanceId,
    recording: recording.path,
    clock,
    active: begun,
    protection,
    snapshot,
    note: recording.note,
    acts: () => parts.mode() === 'protect',
    requestSample: () => sampler?.request(),
    onTrouble,
    degraded,
    recovered: degradations.clear,
  });
  const succession = createSuccession({
    options,
    dataDirectory,
    identity,
    clock,
    isWatched: controlling.isWatched,
    isYoung: parts.isYoung,
    onFound: parts.onEvent,
    onEvent: toldElsewhere,
    onFailure: parts.onFailure,
  });
  const lastWords = createLastWords({ path: TERMINATION_LOG, snapshot });
  const pipeline = createPipeline({
    sources,
    clock,
    intervalMs: options.sampleIntervalMs,
    intervalMinMs: options.sampleIntervalMinMs,
    policy,
    window,
    respond: begun.respond,
    drillLevel: controlling.drillLevel,
    publish,
    onEvent: tell,
    onLateness: recordLateness,
    onFailure: parts.onFailure,
  });
  ({ sampler } = pipeline);
  const { row } = sampler;
  row[COL.agentIntervalSeconds] = options.sampleIntervalMs / 1000;
  row[COL.agentMemoryBytes] = WINDOW_BYTES + recording.memoryBytes;
  sampler.start();
  watchDegradations();
  after(EXPORTER_DELAY_MS, () => {
    controlling.start();
    exporting.start().catch(parts.onFailure);
    succession.look();
  });

  function after(ms: number, step: () => void): void {
    cancelTimers.push(clock.setTimer(step, ms));
  }

  function tell(event: AgentEvent): void {
    parts.onEvent(event);
    toldElsewhere(event);
  }

  function marked(event: AgentEvent): AgentEvent {
    const assessment = pipeline.assessment();
    return assessment !== undefined && isRaised(assessment) && DRILLED.has(event.name)
      ? { ...event, isDrill: true }
      : event;
  }

  function toldElsewhere(event: AgentEvent): void {
    recording.event(event);
    exporting.event(event);
  }

  function publish(values: Row, assessment: Assessment): void {
    recording.write(values);
    lastWords.observe(assessment, values);
    exporting.look();
  }

  /** Whether it is new. */
  function degraded(degradation: Degradation): boolean {
    if (!degradations.set(degradation)) return false;
    tell({ name: 'plimsoll.agent.degraded', degradation });
    return true;
  }

  function onTrouble(degradation: Degradation, found: Problem): void {
    if (degraded(degradation)) parts.onProblem(found);
  }

  function watchDegradations(): void {
    for (const degradation of degradations.refresh(sources)) {
      tell({ name: 'plimsoll.agent.degraded', degradation });
    }
    after(DEGRADED_INTERVAL_MS, () => {
      cancelTimers = [];
      watchDegradations();
    });
  }

  function openExporting(): Exporting {
    return createExporting({
      option: options.exporter,
      fallback: parts.fallbackExporter,
      tier: options.metrics,
      listen: options.listen,
      container: containerOfProcess(),
      isNumbered: isNumbered(process.env, parts.identity.process),
      isChild: process.connected,
      isWatched: () => controlling.isWatched(),
      hasWatcher: () => controlling.hasWatcher(),
      otlp: parts.otlp,
      clock,
      isYoung: parts.isYoung,
      onProblem: parts.onProblem,
      snapshot,
      describe: describeAssessment,
      onTrouble,
      onRecovered: degradations.clear,
      onListening(address) {
        listening = `http://${address}/metrics`;
      },
      onFailure: parts.onFailure,
    });
  }

  function snapshot(): Snapshot {
    const deaths = succession.deaths();
    return protection.snapshot({
      ...(deaths === undefined ? {} : { deaths }),
      row,
      identity: { ...identity, mode: parts.mode(), exporter: exporting.kind() },
      tellsSurroundings: identity.process === 'main',
      degraded: degradations.list(),
    });
  }

  return {
    row,
    assessment: pipeline.assessment,
    degraded: degradations.list,
    listening: () => (exporting.kind() === 'prometheus' ? listening : undefined),
    event: toldElsewhere,
    marked,
    recording,
    active: begun,
    idleMs: pipeline.sampler.sinceTickMs,
    leave(exitCode) {
      controlling.stop();
      if (exitCode === 0) lastWords.clear();
    },
    async stop() {
      sampler?.stop();
      begun.stop();
      lastWords.clear();
      controlling.stop();
      succession.stop();
      for (const cancel of cancelTimers) cancel();
      cancelTimers = [];
      for (const source of sources) source.close();
      await exporting.stop();
    },
  };
}
