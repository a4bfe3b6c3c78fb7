/**
 * The agent of this process from start to stop: its handle, its configuration, its mode, its end with the process.
 * What runs while the mode is not `off` is run.ts.
 */
import { averagePressure, trend } from './classify/index.ts';
import { CONTROL_INTERVAL_MS, createControlFile } from './config/control.ts';
import { readIdentity } from './config/identity.ts';
import type { Options } from './config/options.ts';
import { readConfiguration } from './config/read.ts';
import { createStderrWriter } from '../exporters/stderr.ts';
import { AGENT_SYMBOL, IDLE_ASSESSMENT, type AgentHandle, type Status } from './model/handle.ts';
import { problem } from './model/problem.ts';
import { COL, COLUMNS, type ReadingName } from './model/row.ts';
import type { Identity, Mode } from './model/snapshot.ts';
import type { StartOptions } from './model/start-options.ts';
import { VERSION } from './model/version.ts';
import { describeAssessment } from './pipeline.ts';
import { createCallbacks } from './respond/callbacks.ts';
import { reclaimTargetBytes } from './respond/target.ts';
import { startRun, type Run } from './run.ts';
import { systemClock } from './sample/clock.ts';
import { createWindow } from './sample/window.ts';

/** A process that ends well before this leaves no file behind: exec probes, build steps. */
const SHORT_LIVED_SECONDS = 10;

export function launch(overrides: StartOptions): AgentHandle {
  const clock = systemClock;
  const window = createWindow();
  let mode: Mode = 'off';
  let run: Run | undefined;
  let cancelStart: (() => void) | undefined;
  let cancelControl: (() => void) | undefined;
  let stopped = false;

  const stderr = createStderrWriter({
    logLevel: process.env['OTEL_LOG_LEVEL'],
    write: (line) => void process.stderr.write(`${line}\n`),
    monotonicMs: clock.monotonicMs,
    describe: describeAssessment,
  });
  const callbacks = createCallbacks({
    wallMs: clock.wallMs,
    setTimer: clock.setTimer,
    onProblem: stderr.problem,
    onEvent: stderr.event,
  });

  function fail(error: unknown): void {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.problem(
      problem('PLM_AGENT_FAILED', `the agent failed (${why.slice(0, 500)}). It stops; the application goes on.`),
    );
    void stop();
  }

  async function configure(): Promise<void> {
    const { options, problems } = await readConfiguration(process.env, overrides);
    const service = readIdentity(process.env, process.argv[1]);
    for (const found of [...problems, ...service.problems]) stderr.problem(found);
    if (stopped) return;
    switchMode(options.mode, options, service);
    if (options.directory !== undefined) watchControl(options.directory, options, service);
    else if (mode === 'off') await stop();
  }

  function switchMode(to: Mode, options: Options, service: ReturnType<typeof readIdentity>): void {
    const from = mode;
    mode = to;
    if (to === 'off') {
      void endRun();
    } else if (run === undefined) {
      const identity: Omit<Identity, 'serviceInstanceId'> = {
        serviceName: service.serviceName,
        process: 'main',
        agentVersion: VERSION,
        nodeVersion: process.versions.node,
        mode,
        exporter: options.exporter === 'none' ? 'none' : 'prometheus',
        resource: service.resource,
      };
      run = startRun({
        options,
        identity,
        clock,
        window,
        callbacks,
        mode: () => mode,
        onProblem: stderr.problem,
        onEvent: stderr.event,
        onFailure: fail,
      });
    }
    if (cancelControl !== undefined && from !== to) stderr.event({ name: 'plimsoll.mode.changed', from, to });
  }

  function watchControl(directory: string, options: Options, service: ReturnType<typeof readIdentity>): void {
    const file = createControlFile(directory, stderr.problem);
    function look(): void {
      cancelControl = clock.setTimer(look, CONTROL_INTERVAL_MS);
      try {
        const asked = file.look();
        if (asked !== undefined && asked !== mode) switchMode(asked, options, service);
      } catch (error) {
        fail(error);
      }
    }
    look();
  }

  async function endRun(): Promise<void> {
    const ending = run;
    run = undefined;
    ending?.recorder?.close();
    await ending?.stop();
  }

  function onExit(exitCode: number): void {
    const recorder = run?.recorder;
    if (exitCode === 0 && process.uptime() < SHORT_LIVED_SECONDS) recorder?.discard();
    else recorder?.end(exitCode, clock.wallMs());
  }

  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    cancelStart?.();
    cancelControl?.();
    process.off('exit', onExit);
    for (const owner of [globalThis, process]) Reflect.deleteProperty(owner, AGENT_SYMBOL);
    await endRun();
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
      recording: run?.recorder?.path,
    };
  }

  const handle: AgentHandle = {
    version: VERSION,
    status,
    history: ({ sinceMs = Infinity, resolution = '1s' } = {}) => window.rows(resolution, clock.monotonicMs() - sinceMs),
    averagePressure: (ms) => averagePressure(window, ms, clock.monotonicMs()),
    trend: () => trend(window, clock.monotonicMs()),
    reclaimTargetBytes: () =>
      reclaimTargetBytes(run?.assessment()?.level ?? 0, run?.row[COL.processRssBytes] ?? Number.NaN),
    onPressure: callbacks.subscribe,
    stop,
  };

  for (const owner of [globalThis, process]) {
    Object.defineProperty(owner, AGENT_SYMBOL, {
      value: handle,
      configurable: true,
      enumerable: false,
      writable: false,
    });
  }
  process.on('exit', onExit);
  cancelStart = clock.setTimer(() => void configure().catch(fail), 0);
  return handle;
}
