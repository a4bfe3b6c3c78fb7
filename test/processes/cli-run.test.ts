/** `plimsoll run`: real programs as its children, and what it says when they die. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { readLatest } from '../../agent/record/reader.ts';
import { createMemoryGroup, whyNoMemoryGroups } from '../helpers/memory-group.ts';
import {
  assertUsageError,
  CLI,
  plimsoll,
  plimsollInTerminal,
  startPlimsoll,
  temporaryFolder,
  WHEN_SAMPLED,
  whyNoTerminal,
  type CliOptions,
} from '../helpers/run-cli.ts';
import { onWindows } from '../helpers/platform.ts';
import { AGENT, runNode, type RunResult } from '../helpers/run-node.ts';

const CONCURRENCY = 2;
const QUIET = { OTEL_LOG_LEVEL: 'none' };

/** Beside them lie reports and counts. */
function ringsIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.ring'));
}

interface Finished {
  readonly result: RunResult;
  /** What is left of private folders in TMPDIR. */
  readonly left: readonly string[];
}

/** Runs `node [flags] -e program` under `plimsoll run`, with a TMPDIR of its own. */
async function runProgram(
  context: TestContext,
  program: string,
  options: CliOptions & { flags?: string[]; run?: string[] } = {},
): Promise<Finished> {
  const { flags = [], run = [], ...others } = options;
  const folder = temporaryFolder(context);
  const env = { ...QUIET, TMPDIR: folder, ...options.env };
  const result = await plimsoll(['run', ...run, '--', process.execPath, ...flags, '-e', program], { ...others, env });
  return { result, left: readdirSync(folder) };
}

describe('run', { concurrency: CONCURRENCY, skip: onWindows('signals, /bin/sh and TMPDIR') }, () => {
  test('hands on arguments, stdin, stdout, stderr and the exit code, and leaves nothing behind', async (context) => {
    const program = `process.stdin.pipe(process.stdout); console.error(process.argv.slice(1).join()); process.exitCode = 7`;
    const folder = temporaryFolder(context);
    const args = ['run', '--', process.execPath, '-e', program, '--', '--json', '--', 'b c'];
    const result = await plimsoll(args, { stdin: 'through\n', env: { TMPDIR: folder } });
    assert.deepEqual([result.code, result.stdout, result.stderr], [7, 'through\n', '--json,--,b c\n'], result.report);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('the child has the agent, a folder to record in, and what its options say', async (context) => {
    const program = `${WHEN_SAMPLED} whenSampled(({ mode, recording }) => {
      console.log(JSON.stringify({ mode, recording, dir: process.env.PLIMSOLL_DIR, nodeOptions: process.env.NODE_OPTIONS }));
      process.exit(0);
    })`;
    const { result, left } = await runProgram(context, program, {
      run: ['--mode', 'observe', '--sample-interval=2s'],
      env: { NODE_OPTIONS: '--no-warnings' },
    });
    assert.equal(result.code, 0, result.report);
    assert.equal(result.stderr, '');
    const told = JSON.parse(result.stdout) as Record<string, string>;
    assert.equal(told['mode'], 'observe');
    assert.equal(dirname(told['recording'] ?? ''), told['dir']);
    assert.equal(told['nodeOptions'], `--require ${AGENT} --no-warnings`);
    assert.deepEqual(left, []);
  });

  test('nothing is preloaded twice', async (context) => {
    const env = { NODE_OPTIONS: `--no-warnings --require ${AGENT}` };
    const { result } = await runProgram(context, 'console.log(process.env.NODE_OPTIONS)', { env });
    assert.equal(result.stdout, `${env.NODE_OPTIONS}\n`, result.report);
  });

  test('the agent stays out of the command line itself', async (context) => {
    const directory = join(temporaryFolder(context), 'rings');
    const program = `${WHEN_SAMPLED} whenSampled(() => setTimeout(() => process.exit(3), 300))`;
    const env = { NODE_OPTIONS: `--require ${AGENT}`, PLIMSOLL_DIR: directory };
    const { result } = await runProgram(context, program, { env });
    assert.equal(result.code, 3, result.report);
    assert.equal(ringsIn(directory).length, 1);
  });

  test('where no folder can be made the command runs unrecorded', async () => {
    const args = ['run', '--', process.execPath, '-e', 'console.log(process.env.PLIMSOLL_DIR)'];
    const result = await plimsoll(args, { env: { TMPDIR: '/dev/null/tmp' } });
    assert.deepEqual([result.code, result.stdout], [0, 'undefined\n'], result.report);
    assert.match(result.stderr, /^\[plimsoll\] PLM_RECORD_FAILED: no folder to record in can be made [^\n]*\n$/);
  });

  test('works from a folder whose name has spaces and quotes', async (context) => {
    const folder = join(temporaryFolder(context), `a "b" c`);
    mkdirSync(folder);
    for (const file of [CLI, AGENT]) copyFileSync(file, join(folder, file === CLI ? 'cli.mjs' : 'register.cjs'));
    const program = `console.log(Symbol.for('plimsoll.agent.v1') in process)`;
    const args = [join(folder, 'cli.mjs'), 'run', '--', process.execPath, '-e', program];
    const result = await runNode({ preload: 'none', args });
    assert.deepEqual([result.code, result.stdout], [0, 'true\n'], result.report);
  });

  test('a folder that was named keeps its recordings', async (context) => {
    const directory = join(temporaryFolder(context), 'rings');
    const program = `${WHEN_SAMPLED} whenSampled(() => process.exit(3))`;
    const { result, left } = await runProgram(context, program, { run: ['--dir', directory] });
    assert.deepEqual([result.code, result.stderr], [3, ''], result.report);
    assert.equal(ringsIn(directory).length, 1);
    assert.deepEqual(left, []);
  });

  test('forwards signals and ends with the child', async () => {
    const program = `
      for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGINT']) process.on(signal, () => console.log(signal));
      process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('ready')`;
    const running = startPlimsoll(['run', '--', process.execPath, '-e', program]);
    await running.until(/ready/);
    for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
      running.child.kill(signal);
      await running.until(new RegExp(signal));
    }
    const result = await running.ended;
    assert.equal(result.code, 5, result.report);
    assert.equal(result.stdout, 'ready\nSIGUSR2\nSIGHUP\nSIGINT\nSIGTERM\n');
  });

  test('a child that SIGTERM ends is 143 and no death', async (context) => {
    const folder = temporaryFolder(context);
    const program = `${WHEN_SAMPLED} setInterval(() => {}, 1000); whenSampled(() => console.log('ready'))`;
    const running = startPlimsoll(['run', '--', process.execPath, '-e', program], { env: { TMPDIR: folder } });
    await running.until(/ready/);
    running.child.kill('SIGTERM');
    const result = await running.ended;
    assert.deepEqual([result.code, result.stderr], [143, ''], result.report);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('says what was measured last when the child is killed, and keeps the recording', async (context) => {
    const program = `${WHEN_SAMPLED} whenSampled(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')))`;
    const { result, left } = await runProgram(context, program);
    assert.equal(result.code, 137, result.report);
    assert.equal(result.stdout, '');
    assert.match(
      result.stderr,
      /^\[plimsoll\] \S+ -e .* was ended by SIGKILL after [\d.]+ (ms|s), exit code 137\n/,
      result.report,
    );
    assert.match(result.stderr, /\n\[plimsoll\] last sample \d+ ms before the end: level normal/);
    assert.equal(left.length, 1);
    const path = /\n\[plimsoll\] recording: (\S+\.ring)\n$/.exec(result.stderr)?.[1] ?? '';
    assert.ok(readLatest(path).ok, result.report);
  });

  test('sees through a shell that stands between', async (context) => {
    const folder = temporaryFolder(context);
    const program = `${WHEN_SAMPLED} whenSampled(() => process.kill(process.pid, 'SIGKILL'))`;
    const shell = ['sh', '-c', '"$0" -e "$1" 2>/dev/null; exit $?', process.execPath, program];
    const result = await plimsoll(['run', '--', ...shell], { env: { ...QUIET, TMPDIR: folder } });
    assert.equal(result.code, 137, result.report);
    assert.match(result.stderr, /was ended by SIGKILL[\s\S]*last sample/, result.report);
  });

  test('tells a full heap when V8 aborts, and what to set', async (context) => {
    const program = `const kept = []; ${WHEN_SAMPLED} whenSampled(() => setInterval(() => {
      for (let i = 0; i < 20; i++) kept.push(Array.from({ length: 500 }, (_, j) => ({ j })));
    }, 5))`;
    const { result } = await runProgram(context, program, { flags: ['--max-old-space-size=30'] });
    assert.equal(result.code, 134, result.report);
    assert.match(result.stderr, /\[plimsoll\] .* was ended by SIGABRT after .*, exit code 134\n/, result.report);
    assert.match(result.stderr, /\n\[plimsoll\] heap: [\d.]+ MiB used of 30 MiB, /);
    assert.match(result.stderr, /\[plimsoll\] repair: the heap was full; /);
  });

  test('a failure under high pressure is a death, a success is not', async (context) => {
    const program = (code: number): string => `${WHEN_SAMPLED} const poll = setInterval(() => {
      if (agent()?.status().assessment.level === 3) process.exit(${code});
    }, 20)`;
    const failed = await runProgram(context, program(3), { run: ['--process-budget', '20MiB'] });
    assert.equal(failed.result.code, 3, failed.result.report);
    assert.match(failed.result.stderr, /ended after .*, exit code 3\n[\s\S]*level critical, binding constraint budget/);
    assert.equal(failed.left.length, 1);
    const succeeded = await runProgram(context, program(0), { run: ['--process-budget', '20MiB'] });
    assert.deepEqual([succeeded.result.code, succeeded.result.stderr], [0, ''], succeeded.result.report);
    assert.deepEqual(succeeded.left, []);
  });

  test('a command that is not there is 127, one that is no program 126', async (context) => {
    const folder = temporaryFolder(context);
    const file = join(folder, 'file');
    writeFileSync(file, 'x');
    chmodSync(file, 0o644);
    mkdirSync(join(folder, 'tmp'));
    const env = { TMPDIR: join(folder, 'tmp') };
    const missing = await plimsoll(['run', '--', 'no-such-program'], { env });
    assert.equal(missing.code, 127, missing.report);
    assert.match(missing.stderr, /^\[plimsoll\] PLM_COMMAND_FAILED: no-such-program was not found[^\n]*\n$/);
    const unable = await plimsoll(['run', '--', file], { env });
    assert.equal(unable.code, 126, unable.report);
    assert.match(unable.stderr, /^\[plimsoll\] PLM_COMMAND_FAILED: [^\n]*must be an executable file\.\n$/);
    assert.deepEqual(readdirSync(env.TMPDIR), []);
  });

  test('wrong usage runs nothing', async (context) => {
    const mark = join(temporaryFolder(context), 'mark');
    const touch = ['--', 'touch', mark];
    assertUsageError(await plimsoll(['run', 'touch', mark]), /Unknown argument/);
    assertUsageError(await plimsoll(['run']), /no command to run; put it behind --/);
    assertUsageError(await plimsoll(['run', '--mode', 'loud', ...touch]), /--mode is "loud", must be one of/);
    const env = { PLIMSOLL_SAMPLE_INTERVAL: '5' };
    assertUsageError(await plimsoll(['run', ...touch], { env }), /PLIMSOLL_SAMPLE_INTERVAL is "5"[^\n]*\)\.\n$/);
    assert.equal(existsSync(mark), false);
  });

  const noGroups = whyNoMemoryGroups();
  test(
    'names the container and the flag that fits it when the kernel kills',
    { skip: noGroups ?? false },
    async (context) => {
      const group = createMemoryGroup(160 * 2 ** 20);
      context.after(() => group.remove());
      const program = `const kept = []; ${WHEN_SAMPLED} whenSampled(() => setInterval(() => kept.push(Buffer.alloc(1 << 20, 1)), 5))`;
      const { result } = await runProgram(context, program, { shellBefore: group.enter });
      assert.equal(result.code, 137, result.report);
      assert.ok(group.oomKills() >= 1);
      assert.match(result.stderr, /was ended by SIGKILL/);
      assert.match(
        result.stderr,
        /level (high|critical), binding constraint container at (8|9)\d(\.\d)? %/,
        result.report,
      );
      assert.match(
        result.stderr,
        /repair: Buffers and the like held 1?\d\d MiB, the heap \d+(\.\d)? MiB: [^\n]+ And the heap may grow to \d+ MiB and does not fit the container; NODE_OPTIONS=--max-old-space-size=\d+ does/,
      );
    },
  );

  const noTerminal = whyNoTerminal();
  test('a Ctrl-C at the terminal reaches the child once', { skip: noTerminal ?? false }, async () => {
    const program = `let count = 0; process.on('SIGINT', () => { count += 1; setTimeout(() => process.exit(40 + count), 400); });
      setInterval(() => {}, 1000); console.log('ready')`;
    const keys = ['\u0003'];
    const { code, output } = await plimsollInTerminal(['run', '--', process.execPath, '-e', program], (seen, press) => {
      if (seen.includes('ready')) press(keys.pop() ?? '');
    });
    assert.equal(code, 41, output);
  });
});
