/**
 * The agent of this process from start to stop: its configuration, its mode, its end with the process. Before it is
 * front.ts; what runs while the mode is not `off` is run.ts.
 */
import { clearCaches } from './clear-caches.ts';
import { averagePressure, trend } from './classify/index.ts';
import { CONTROL_INTERVAL_MS, createControlFile } from './config/control.ts';
import { readIdentity } from './config/identity.ts';
import { readOtlp } from './config/otlp.ts';
import { readConfiguration } from './config/read.ts';
import { processSlot } from './config/slot.ts';
import { createStderrWriter } from '../exporters/stderr.ts';
import type { FollowedImports } from '../instrumentation/discovery/imports.ts';
import { IDLE_ASSESSMENT, type AgentHandle, type Status } from './model/handle.ts';
import { COMPILING_MS, pauseForCompilation } from './exit-pause.ts';
import type { AgentEvent } from './model/event.ts';
import type { Level } from './model/level.ts';
import { agentFailed } from './model/problem.ts';
import { NOTHING_RECLAIMED, type ReclaimOutcome } from './model/reclaim.ts';
import { COL, COLUMNS, type ReadingName } from './model/row.ts';
import type { Mode } from './model/snapshot.ts';
import type { StartOptions } from './model/start-options.ts';
import { VERSION } from './model/version.ts';
import type { WorkerThreads } from './model/worker-threads.ts';
import { describeAssessment } from './pipeline.ts';
import { createProtection } from './protection.ts';
import { startRun, type Run, type RunParts } from './run.ts';
import { holdOpen, pause, systemClock } from './sample/clock.ts';
import { createWindow } from './sample/window.ts';

/** A process that ends well before this leaves no file behind: exec probes, build steps. */
const SHORT_LIVED_SECONDS = 10;
/** Between compiling the agent and its first work. */
const CONFIGURE_DELAY_MS = 5;

export function launch(
  overrides: StartOptions,
  threads: WorkerThreads,
  imports: FollowedImports | undefined,
): AgentHandle {
  const clock = systemClock;
  const window = createWindow();
  let mode: Mode = 'off';
  let run: Run | undefined;
  /** Mode changes one after the other: starting takes several turns. */
  let changes = Promise.resolve();
  let cancelControl: (() => void) | undefined;
  let stopped = false;

  const stderr = createStderrWriter({
    logLevel: process.env['OTEL_LOG_LEVEL'],
    write: say,
    monotonicMs: clock.monotonicMs,
    describe: describeAssessment,
  });
  const protection = createProtection({ clock, imports, onProblem: stderr.problem, onEvent: publish });

  function publish(event: AgentEvent): void {
    const told = run?.marked(event) ?? event;
    stderr.event(told);
    run?.event(told);
  }

  function fail(error: unknown): void {
    say(agentFailed(error));
    void stop();
  }

  async function configure(): Promise<void> {
    await pause(clock, CONFIGURE_DELAY_MS);
    const { options, problems } = await readConfiguration(process.env, overrides);
    const { serviceName, resource, problems: others } = readIdentity(process.env, process.argv[1]);
    const otlp = readOtlp(process.env);
    for (const found of [...problems, ...others]) stderr.problem(found);
    const parts: RunParts = {
      options,
      otlp: otlp.settings,
      fallbackExporter: otlp.fallback,
      identity: {
        serviceName,
        process: processSlot(process.env, clusterWorkerId()),
        agentVersion: VERSION,
        nodeVersion: process.versions.node,
        resource,
      },
      clock,
      window,
      protection,
      threads,
      mode: () => mode,
      isYoung,
      onProblem: stderr.problem,
      onEvent: stderr.event,
      onFailure: fail,
    };
    await switchMode(options.mode, parts);
    if (stopped) return;
    if (options.directory !== undefined) watchControl(options.directory, parts);
    else if (mode === 'off') await stop();
  }

  async function switchMode(to: Mode, parts: RunParts): Promise<void> {
    if (stopped) return;
    mode = to;
    if (to === 'off') await endRun();
    else run ??= await startRun(parts);
    if (stopped) await endRun();
  }

  function watchControl(directory: string, parts: RunParts): void {
    const file = createControlFile(directory, stderr.problem);
    function look(): void {
      cancelControl = clock.setTimer(look, CONTROL_INTERVAL_MS);
      const to = file.look();
      if (to === undefined || to === mode) return;
      publish({ name: 'plimsoll.mode.changed', from: mode, to });
      changes = changes.then(() => switchMode(to, parts)).catch(fail);
    }
    look();
  }

  async function endRun(): Promise<void> {
    const ending = run;
    run = undefined;
    ending?.recording.close();
    await ending?.stop();
  }

  function onExit(exitCode: number): void {
    if (exitCode === 0 && isYoung()) run?.recording.discard();
    else run?.recording.end(exitCode);
    run?.leave(exitCode); // whoever watches takes it for the end, and looks for the end mark
    if (run !== undefined && run.idleMs() < COMPILING_MS) pauseForCompilation();
  }

  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    imports?.stop();
    cancelControl?.();
    process.off('exit', onExit);
    allowOneMoreListener(-1);
    await endRun();
  }

  function level(): Level {
    return run?.assessment()?.level ?? 0;
  }

  function targetBytes(): number {
    return run?.active.targetBytes(level(), run.row) ?? 0;
  }

  function roomBytes(): number {
    const assessment = run?.assessment();
    return run === undefined || assessment === undefined ? Infinity : run.active.roomBytes(assessment);
  }

  /** Who awaits it as the last thing of a program gets its answer. */
  async function reclaim(bytes: number): Promise<ReclaimOutcome> {
    if (run === undefined) return NOTHING_RECLAIMED;
    const release = holdOpen();
    try {
      return await run.active.reclaim(bytes, level());
    } finally {
      release();
    }
  }

  function status(): Status {
    const sample: Partial<Record<ReadingName, number>> = {};
    for (const name of run === undefined ? [] : COLUMNS) {
      const value = run?.row[COL[name]] ?? Number.NaN;
      if (!Number.isNaN(value)) sample[name as ReadingName] = value;
    }
    return {
      available: run?.assessment() !== undefined,
      mode,
      assessment: run?.assessment() ?? IDLE_ASSESSMENT,
      sample,
      degraded: run?.degraded() ?? [],
      listening: run?.listening(),
      recording: run?.recording.path(),
    };
  }

  allowOneMoreListener(1);
  process.on('exit', onExit);
  configure().catch(fail);
  return {
    version: VERSION,
    status,
    history: ({ sinceMs = Infinity, resolution = '1s' } = {}) => window.rows(resolution, clock.monotonicMs() - sinceMs),
    averagePressure: (ms) => averagePressure(window, ms, clock.monotonicMs()),
    trend: () => trend(window, clock.monotonicMs()),
    reclaimTargetBytes: targetBytes,
    onPressure: protection.callbacks.subscribe,
    registerReclaimer: protection.registerReclaimer,
    registerCache: protection.caches.register,
    adaptive: protection.adaptives.create,
    reclaim: (bytes = targetBytes()) => reclaim(bytes),
    caches: protection.caches.statuses,
    clearCaches: (name) => clearCaches(protection.caches.followed(true), name, clock),
    roomBytes,
    shouldShed: protection.shedding.shouldShed,
    stop,
  };
}

function isYoung(): boolean {
  return process.uptime() < SHORT_LIVED_SECONDS;
}

/** The agent's exit listener must not be the one too many that Node.js warns of; 0 is no limit. */
function allowOneMoreListener(more: 1 | -1): void {
  const allowed = process.getMaxListeners();
  if (allowed > 0) process.setMaxListeners(allowed + more);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** In a worker of a cluster Node.js itself has loaded the module; elsewhere it costs 0.5 ms, so it is not asked. */
function clusterWorkerId(): number | undefined {
  if (!process.connected) return undefined;
  // its type is that of the ESM namespace
  const cluster = process.getBuiltinModule('node:cluster') as unknown as { readonly worker?: { readonly id: number } };
  return cluster.worker?.id;
}
