/** `plimsoll run [options] -- <command> [args]`: the agent preloaded into a command, and a word about its death. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createStderrWriter } from '../../exporters/stderr.ts';
import type { Options } from '../config/options.ts';
import type { Environment } from '../config/read.ts';
import type { Postmortem } from '../model/postmortem.ts';
import { problem, problemLine, type Problem } from '../model/problem.ts';
import { postmortemText } from '../postmortem/index.ts';
import { watchBeside } from './beside.ts';
import { command, CommandError, usageError, type Cli, type ExitCode } from './command.ts';
import { exitCodeOf, howItEnded, isViolent, isWorthTelling, NOTHING_RECORDED, type Ending } from './death.ts';
import { ALL_OPTIONS, environmentOf, optionFlags, readOptions } from './flags.ts';
import { sidecarSettings } from './load-sidecar.ts';
import { childEnvironment } from './run-environment.ts';
import { forwardSignals } from './signals.ts';

/** Beside the built command line. */
const PRELOAD = fileURLToPath(new URL('./register.cjs', import.meta.url));

export const run = command({
  usage: 'run [options] -- <command> [args]',
  flags: optionFlags(ALL_OPTIONS),
  positionals: [],
  examples: [
    ['$0 run -- node app.js', 'the agent in front of a service'],
    ['$0 run --mode observe --process-budget 400MiB -- npm start', 'watch only, against a ceiling of your own'],
  ],
  run: async (flags, cli) => {
    const [file, ...args] = cli.rest;
    if (file === undefined) throw usageError('no command to run; put it behind --: plimsoll run -- node app.js');
    const flagged = environmentOf(flags);
    const environment = { ...cli.env, ...flagged };
    const options = await readOptions(environment, ALL_OPTIONS);
    const { directory } = options;
    const place = directory === undefined ? openPrivatePlace(cli) : { directory, isPrivate: false };
    const env = childEnvironment(cli.env, { preloadPath: PRELOAD, directory: place?.directory, options: flagged });
    return await runToItsEnd({ file, args, env }, { options, environment, place }, cli);
  },
});

interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
}

interface Place {
  readonly directory: string;
  /** Made for this run alone: taken away after a clean end. */
  readonly isPrivate: boolean;
}

/** undefined on a read-only file system: the command runs all the same. */
function openPrivatePlace(cli: Cli): Place | undefined {
  try {
    return { directory: mkdtempSync(join(tmpdir(), 'plimsoll-run-')), isPrivate: true };
  } catch (error) {
    const message = `no folder to record in can be made (${(error as Error).message}); name one with --dir. Nothing is recorded.`;
    cli.note(problemLine(problem('PLM_RECORD_FAILED', message)));
    return undefined;
  }
}

interface Setting {
  readonly options: Options;
  /** Of the sidecar that this process is meanwhile. */
  readonly environment: Environment;
  readonly place: Place | undefined;
}

async function runToItsEnd(
  invocation: Invocation,
  { options, environment, place }: Setting,
  cli: Cli,
): Promise<ExitCode> {
  const startWallMs = cli.wallMs();
  const stories: Postmortem[] = [];
  let isOver = false;
  let told = 0;

  function tell(lines: readonly string[]): void {
    told += 1;
    for (const line of lines) cli.note(`[plimsoll] ${line}`);
  }

  try {
    const { pid, ended } = await spawned(invocation);
    const beside =
      place &&
      watchBeside({
        ...sidecarSettings(environment),
        options,
        directory: place.directory,
        child: { pid, startWallMs },
        onProblem: problemWriter(environment, cli),
        onPage(url) {
          if (cli.isNoteTerminal) cli.note(`[plimsoll] page at ${url}`);
        },
        onPostmortem(postmortem) {
          if (isOver) stories.push(postmortem);
          else if (isWorthTelling(postmortem)) tell(postmortemText(postmortem));
        },
      });
    const ending = await ended;
    const livedSeconds = (cli.wallMs() - startWallMs) / 1000;
    isOver = true;
    process.exitCode = exitCodeOf(ending); // stands even when nobody takes the report
    await beside?.finish(ending);

    const worth = stories.filter(isWorthTelling);
    const endedItself = stories.some((each) => each.pid === pid && (each.cause === 'crash' || each.cause === 'exit'));
    if (worth.length > 0 || isViolent(ending, endedItself)) {
      const name = short([invocation.file, ...invocation.args].join(' '));
      tell([howItEnded(name, ending, endedItself, livedSeconds)]);
      for (const each of worth) tell(postmortemText(each));
      if (worth.length === 0) tell([NOTHING_RECORDED]);
    }
    return exitCodeOf(ending);
  } finally {
    if (place?.isPrivate === true && told === 0) rmSync(place.directory, { recursive: true, force: true });
  }
}

/** As many lines as an agent may say, and as severe. A listener that nobody asked for may find its port taken. */
function problemWriter(environment: Environment, cli: Cli): (found: Problem) => void {
  const { problem: write } = createStderrWriter({
    logLevel: environment['OTEL_LOG_LEVEL'],
    write: cli.note,
    monotonicMs: () => performance.now(),
    describe: () => '',
  });
  return (found) => {
    if (found.code === 'PLM_API_LISTEN' && environment['PLIMSOLL_API_LISTEN'] === undefined) return;
    write(found);
  };
}

function short(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/** Resolves when it has been started. */
function spawned({ file, args, env }: Invocation): Promise<{ pid: number; ended: Promise<Ending> }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' });
    const stopForwarding = forwardSignals(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // a signal that could not be sent
      stopForwarding();
      reject(notStarted(file, error));
    });
    const ended = new Promise<Ending>((resolveEnd) => {
      child.once('exit', (code, signal) => {
        stopForwarding();
        resolveEnd({ code, signal });
      });
    });
    const { pid } = child;
    if (pid !== undefined) resolve({ pid, ended });
  });
}

/** 127 not found, 126 not executable: as shells have it. */
function notStarted(file: string, { code, message }: NodeJS.ErrnoException): CommandError {
  if (code === 'ENOENT') {
    // npm and its like are .cmd files there, which only a shell runs
    const hint = process.platform === 'win32' ? `, or run a script as: plimsoll run -- cmd /c ${file}` : '';
    return new CommandError(
      problem('PLM_COMMAND_FAILED', `${file} was not found; name a program in PATH or its path${hint}.`),
      127,
    );
  }
  return new CommandError(
    problem('PLM_COMMAND_FAILED', `${file} cannot be run (${message}); it must be an executable file.`),
    126,
  );
}
