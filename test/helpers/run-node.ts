/**
 * Runs a program under a real Node.js, with the built agent preloaded or without it, and gathers what it said and how it ended.
 * The child's environment is what the caller names and nothing else, so that a test means the same on every machine.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The bundled preload that `npm run build` makes. */
export const AGENT = fileURLToPath(new URL('../../dist/register.cjs', import.meta.url));

/** How the agent gets in: `-r`, `--import`, `NODE_OPTIONS`, or not at all. */
export type Preload = 'require' | 'import' | 'node-options' | 'none';

export interface RunOptions {
  /** Arguments after those of the preload: Node's own options, the program, the program's arguments. */
  readonly args: readonly string[];
  /** Default `require`. */
  readonly preload?: Preload;
  /** Added to PATH, HOME, TMPDIR, a folder for captures and a listener on a free port; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to the child's stdin, which is then closed; without it stdin is closed at once. */
  readonly stdin?: string;
  /** The Node.js to run; default the one that runs the test. */
  readonly node?: string;
  /** Whom it runs as; only root may name another. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Run by `/bin/sh -c` before the program takes the shell's place: `ulimit -n 20`. */
  readonly shellBefore?: string;
  /** The child is killed after this long, ms. Default 20 000. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly durationMs: number;
  /** Copy-pasteable. */
  readonly command: string;
  /** Everything a person needs to see after a failure: the command, how it ended, both outputs. */
  readonly report: string;
}

export interface RunningNode {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What came so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the match as soon as stdout (or stderr) has it; rejects with the report if the child ends first. */
  until(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  readonly ended: Promise<RunResult>;
}

export async function runNode(options: RunOptions): Promise<RunResult> {
  const running = startNode(options);
  running.child.stdin.end(options.stdin ?? '');
  return await running.ended;
}

/** Starts it and leaves its stdin open; the caller ends it (`child.kill()`) and awaits `ended`. */
export function startNode(options: RunOptions): RunningNode {
  const invocation = invocationOf(options);
  const startedMs = performance.now();
  const child = spawn(invocation.file, invocation.args, {
    cwd: options.cwd,
    env: invocation.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options.user,
  });
  child.stdin.on('error', () => {}); // the child may end before it has read its stdin
  let timedOut = false;
  const killTimer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, options.timeoutMs ?? 20_000);
  const texts = { stdout: collect(child.stdout), stderr: collect(child.stderr) };

  const ended = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject);
    // 'close', not 'exit': the outputs are complete only then
    child.once('close', (code, signal) => {
      clearTimeout(killTimer);
      const durationMs = performance.now() - startedMs;
      const stdout = texts.stdout();
      const stderr = texts.stderr();
      const how = `${timedOut ? 'killed by the time-out' : `code ${code}, signal ${signal}`} after ${Math.round(durationMs)} ms`;
      const report = `$ ${invocation.command}\n${how}\n--- stdout\n${stdout}\n--- stderr\n${stderr}\n---`;
      resolve({ stdout, stderr, code, signal, timedOut, durationMs, command: invocation.command, report });
    });
  });
  return {
    child,
    stdout: texts.stdout,
    stderr: texts.stderr,
    ended,
    until: (pattern, stream = 'stdout') => untilMatch(pattern, child[stream], texts[stream], ended),
  };
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function untilMatch(
  pattern: RegExp,
  stream: Readable,
  text: () => string,
  ended: Promise<RunResult>,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const match = pattern.exec(text());
      if (match === null) return;
      stream.off('data', look);
      resolve(match);
    };
    stream.on('data', look);
    look();
    ended.then((result) => reject(new Error(`${String(pattern)} never appeared\n${result.report}`)), reject);
  });
}

interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly command: string;
}

function invocationOf(options: RunOptions): Invocation {
  const preload = options.preload ?? 'require';
  if (preload !== 'none' && !existsSync(AGENT)) throw new Error(`${AGENT} is missing: run \`npm run build\` first`);
  const node = options.node ?? process.execPath;
  const env = childEnvironment(preload, options.env ?? {});
  const nodeArgs = [...preloadArgs(preload), ...options.args];
  const [file, args] =
    options.shellBefore === undefined
      ? [node, nodeArgs]
      : ['/bin/sh', ['-c', `${options.shellBefore}; exec "$@"`, 'sh', node, ...nodeArgs]];
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  const place = options.cwd === undefined ? '' : `cd ${quote(options.cwd)} && `;
  const command = `${place}env -i ${[...assignments, file, ...args.map(quote)].join(' ')}`;
  return { file, args, env, command };
}

function preloadArgs(preload: Preload): string[] {
  if (preload === 'require') return ['-r', AGENT];
  return preload === 'import' ? ['--import', process.platform === 'win32' ? pathToFileURL(AGENT).href : AGENT] : [];
}

function childEnvironment(preload: Preload, wanted: Readonly<Record<string, string | undefined>>) {
  const all: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TMPDIR: process.env['TMPDIR'],
    // two tests at once must not fight for the default port
    PLIMSOLL_LISTEN: '127.0.0.1:0',
    // what comes to critical writes a report
    PLIMSOLL_DATA_DIR: join(tmpdir(), 'plimsoll-tests'),
    ...(preload === 'node-options' ? { NODE_OPTIONS: `--require ${AGENT}` } : {}),
    ...wanted,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
