/** `plimsoll sidecar`: watches the processes that record to PLIMSOLL_DIR. It takes no argument: its environment says everything. */
import { problemLine } from '../model/problem.ts';
import { holdOpen, systemClock } from '../sample/clock.ts';
import { command, usageError, type Cli, type ExitCode } from './command.ts';
import { ALL_OPTIONS, readOptions } from './flags.ts';
import { upLine, whenUp } from './listening.ts';
import { loadSidecar, sidecarSettings } from './load-sidecar.ts';

export const sidecar = command({
  usage: 'sidecar',
  flags: {},
  positionals: [],
  examples: [
    ['PLIMSOLL_DIR=/plimsoll $0 sidecar', 'watch, export and explain every process that records to /plimsoll'],
  ],
  run: async (_flags, cli) => await watch(cli),
});

/** Without the command line's reader of arguments: it runs for months. */
export async function watch(cli: Cli): Promise<ExitCode> {
  const options = await readOptions(cli.env, ALL_OPTIONS);
  const { directory } = options;
  if (directory === undefined) {
    throw usageError('PLIMSOLL_DIR is not set; it must name the folder that the agents record to, shared with them.');
  }
  const release = holdOpen();
  try {
    const asked = signalled();
    const { startSidecar } = await loadSidecar();
    const running = await startSidecar({
      ...sidecarSettings(cli.env),
      options,
      directory,
      dataDirectory: options.dataDirectory ?? directory,
      clock: systemClock,
      onProblem: (found) => cli.note(problemLine(found)),
      onEventLine: cli.out,
    });
    const cancel = whenUp(
      () => running.metricsUrl() !== undefined && running.apiUrl() !== undefined,
      systemClock,
      () => cli.note(upLine(directory, running)),
    );
    await asked;
    cancel();
    await running.stop();
  } finally {
    release();
  }
  return 0;
}

/** What an orchestrator, or a person, asks to end with. A second one ends at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
