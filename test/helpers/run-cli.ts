/** Runs the built command line as a person would: a child process, its outputs, its exit code. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runNode, startNode, type RunningNode, type RunOptions, type RunResult } from './run-node.ts';

/** The command line that `npm run build` makes. */
export const CLI = fileURLToPath(new URL('../../dist/cli.mjs', import.meta.url));

export type CliOptions = Omit<RunOptions, 'args' | 'preload'>;

export async function plimsoll(args: readonly string[], options: CliOptions = {}): Promise<RunResult> {
  return await runNode({ ...options, preload: 'none', args: [CLI, ...args] });
}

export function startPlimsoll(args: readonly string[], options: CliOptions = {}): RunningNode {
  return startNode({ ...options, preload: 'none', args: [CLI, ...args] });
}

/** What a sidecar says on stderr when it is up. */
export const SIDECAR_UP = /^\[plimsoll\] watching [^\n]+: [^\n]+, (?:page at http:\/\/\S+\/|no page yet)\n/;

/** One line: who, code, what; and nothing else. */
export function assertUsageError(result: RunResult, what: RegExp): void {
  assert.equal(result.code, 2, result.report);
  assert.equal(result.stdout, '', result.report);
  assert.match(result.stderr, /^\[plimsoll\] PLM_USAGE: [^\n]+\n$/, result.report);
  assert.match(result.stderr, what, result.report);
}

/** Colours and cursor movements, which belong on a terminal only. */
export function assertPlain(result: RunResult): void {
  assert.ok(!result.stdout.includes('\u001B') && !result.stderr.includes('\u001B'), result.report);
}

export function temporaryFolder(context: { after(remove: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));
  // on Windows a file is busy for a moment after its process ended
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** Defines `whenSampled(then)`: the agent of this process has taken its first sample. For `node -e`. */
export const WHEN_SAMPLED = `
  const agent = () => process[Symbol.for('plimsoll.agent.v1')];
  const whenSampled = (then) => {
    const poll = setInterval(() => {
      if (!agent()?.status().available) return;
      clearInterval(poll);
      then(agent().status());
    }, 10);
  };`;

/** util-linux's; it runs a command under a terminal of its own. */
const SCRIPT = 'script';

/** Why nothing can be run under a terminal here; undefined when it can. */
export function whyNoTerminal(): string | undefined {
  const { error, stdout } = spawnSync(SCRIPT, ['--version'], { encoding: 'utf8' });
  return error === undefined && stdout.includes('util-linux') ? undefined : 'util-linux script is not installed';
}

/** Runs the command line under a terminal; `onOutput` sees all the output so far and may press keys. */
export async function plimsollInTerminal(
  args: readonly string[],
  onOutput: (output: string, press: (keys: string) => void) => void,
): Promise<{ readonly code: number; readonly output: string }> {
  const words = [process.execPath, CLI, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const child = spawn(SCRIPT, ['--quiet', '--return', '--command', `exec ${words.join(' ')}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TERM: 'xterm', PLIMSOLL_LISTEN: '127.0.0.1:0' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    onOutput(output, (keys) => child.stdin.write(keys));
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}
