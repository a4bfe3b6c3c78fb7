/** `plimsoll run [options] -- <command> [args]`: the agent preloaded into a command, and a word about its death. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Environment } from '../config/read.ts';
import { problem, problemLine } from '../model/problem.ts';
import { command, CommandError, usageError, type Cli, type ExitCode } from './command.ts';
import { exitCodeOf, isDeath, recordingOf, type Ending } from './death.ts';
import { deathReport } from './death-report.ts';
import { ALL_OPTIONS, environmentOf, optionFlags, readOptions } from './flags.ts';
import { recordingsIn, type Recording } from './recording.ts';
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
    const options = environmentOf(flags);
    const { directory } = await readOptions({ ...cli.env, ...options }, ALL_OPTIONS);
    const place = directory === undefined ? openPrivatePlace(cli) : { directory, isPrivate: false };
    const env = childEnvironment(cli.env, { preloadPath: PRELOAD, directory: place?.directory, options });
    return await runToItsEnd({ file, args, env }, place, cli);
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

async function runToItsEnd(invocation: Invocation, place: Place | undefined, cli: Cli): Promise<ExitCode> {
  const startedMs = cli.wallMs();
  let died = false;
  try {
    const { pid, ending } = await spawned(invocation);
    const atWallMs = cli.wallMs();
    const recording = recordingOf(recordingsOf(place?.directory), pid, startedMs);
    died = isDeath(ending, recording);
    process.exitCode = exitCodeOf(ending); // stands even when nobody takes the report
    if (died) {
      const name = [invocation.file, ...invocation.args].join(' ');
      const livedSeconds = (atWallMs - startedMs) / 1000;
      for (const line of deathReport({ command: short(name), ending, livedSeconds, atWallMs, recording })) {
        cli.note(`[plimsoll] ${line}`);
      }
    }
    return exitCodeOf(ending);
  } finally {
    if (place?.isPrivate === true && !died) rmSync(place.directory, { recursive: true, force: true });
  }
}

function short(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/** A folder that cannot be read costs the report its numbers, never the child its exit code. */
function recordingsOf(directory: string | undefined): readonly Recording[] {
  try {
    return directory === undefined ? [] : recordingsIn(directory);
  } catch {
    return [];
  }
}

function spawned({ file, args, env }: Invocation): Promise<{ pid: number; ending: Ending }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' });
    const stopForwarding = forwardSignals(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // a signal that could not be sent
      stopForwarding();
      reject(notStarted(file, error));
    });
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve({ pid: child.pid ?? 0, ending: { code, signal } });
    });
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
