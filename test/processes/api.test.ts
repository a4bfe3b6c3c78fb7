/** The API as an application meets it: real programs that import the built package, with the agent and without. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';

import { runNode, startNode } from '../helpers/run-node.ts';

const APPS = resolve(import.meta.dirname, '../fixtures/apps/api');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-api-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const app = (name: string): string => join(APPS, name);
const scratch = (): string => mkdtempSync(join(folder, 'd-'));

describe('the API', { concurrency: 3 }, () => {
  test('without an agent every call answers as at normal, and nothing is said', async () => {
    const result = await runNode({ preload: 'none', args: [app('idle.mjs')] });
    assert.equal(result.code, 0, result.report);
    assert.equal(result.stderr, '', result.report);
    assert.deepEqual(JSON.parse(result.stdout), {
      available: false,
      mode: 'off',
      level: 0,
      history: 0,
      average: 0,
      trend: 'steady',
      under: false,
      critical: false,
      target: 0,
    });
  });

  test('it is there for require() too', async () => {
    const result = await runNode({ preload: 'none', args: [app('idle.cjs')] });
    assert.equal(result.stdout, 'function function function false\n', result.report);
  });

  test('start() senses, serves and records; a second start() changes nothing; stop() gives everything back; start() works again', async () => {
    const directory = scratch();
    const result = await runNode({ preload: 'none', args: [app('programmatic.mjs'), directory] });
    assert.equal(result.code, 0, result.report);
    const [first = '', again] = result.stdout.split('\n');
    const report = JSON.parse(first) as { constraints: string[]; recording: string };
    assert.deepEqual(
      { ...report, constraints: report.constraints.includes('budget'), recording: existsSync(report.recording) },
      {
        available: true,
        constraints: true,
        rss: true,
        scraped: true,
        refused: true,
        recording: true,
        gone: true,
        exitListeners: 0,
        servers: 0,
      },
    );
    assert.equal(again, 'again');
  });

  test('handlers are told once per level with the reason; one that throws, rejects or hangs harms nobody', async () => {
    const result = await runNode({
      args: [app('grows.mjs')],
      env: { PLIMSOLL_PROCESS_BUDGET: '160MiB', PLIMSOLL_EXPORTER: 'none' },
    });
    assert.equal(result.code, 0, result.report);
    for (const level of ['elevated', 'high', 'critical']) {
      assert.equal(result.stdout.split(`told ${level} budget true`).length, 2, result.report);
    }
    assert.match(result.stdout, /^change normal elevated$/m, result.report);
    assert.match(result.stdout, /^aborted$/m, result.report);
    assert.match(result.stdout, /^level 3 under true critical true$/m, result.report);
    assert.match(
      result.stderr,
      /^\[plimsoll\] PLM_HANDLER_FAILED: handler thrower failed: handler bug/m,
      result.report,
    );
    assert.match(
      result.stderr,
      /^\[plimsoll\] PLM_HANDLER_FAILED: handler rejecter failed: async handler bug/m,
      result.report,
    );
    assert.match(result.stderr, /^\[plimsoll\] PLM_HANDLER_TIMEOUT: handler hanger/m, result.report);
    assert.match(result.stderr, /^\[plimsoll\] pressure critical \(was .*\): budget at /m, result.report);
  });

  test('in observe no handler runs', async () => {
    const running = startNode({
      args: [app('grows.mjs')],
      env: { PLIMSOLL_MODE: 'observe', PLIMSOLL_PROCESS_BUDGET: '120MiB', PLIMSOLL_EXPORTER: 'none' },
    });
    await running.until(/pressure critical/, 'stderr');
    running.child.kill();
    const result = await running.ended;
    assert.equal(result.stdout, '', result.report);
  });

  test('the mode follows control.json while the process runs: observe, off, protect', async () => {
    const directory = scratch();
    const control = join(directory, 'control.json');
    const running = startNode({ args: [app('mode.mjs')], env: { PLIMSOLL_DIR: directory, PLIMSOLL_EXPORTER: 'none' } });
    await running.until(/^protect true$/m);
    writeFileSync(control, '{"mode": "observe"}');
    await running.until(/^observe true$/m);
    writeFileSync(control, '{"mode": "off"}');
    await running.until(/^off false$/m);
    writeFileSync(control, '{"mode": "protect"}');
    await running.until(/^off false\nprotect (true|false\nprotect true)$/m);
    running.child.stdin.end();
    const result = await running.ended;
    assert.equal(result.code, 0, result.report);
    assert.match(result.stderr, /^\[plimsoll\] mode changed from protect to observe$/m);
  });
});

describe('bad input', { concurrency: 3 }, () => {
  const program = ['-e', 'console.log("out"); setTimeout(() => { console.log("done"); process.exitCode = 7; }, 600)'];
  const missing = join(folder, 'missing.yaml');
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const cases: readonly (readonly [name: string, env: Record<string, string>, line: RegExp])[] = [
    [
      'a malformed option',
      { PLIMSOLL_SAMPLE_INTERVAL: 'often' },
      /^\[plimsoll\] PLM_OPTION_INVALID: PLIMSOLL_SAMPLE_INTERVAL is "often", must be a duration .* Using 1s\.\n$/,
    ],
    [
      'an unknown option',
      { PLIMSOLL_PRESETS: 'early' },
      /^\[plimsoll\] PLM_OPTION_UNKNOWN: PLIMSOLL_PRESETS is no option; did you mean PLIMSOLL_PRESET\? Ignoring it\.\n$/,
    ],
    [
      'a missing configuration file',
      { PLIMSOLL_CONFIG_FILE: missing },
      /^\[plimsoll\] PLM_CONFIG_FILE: .*missing\.yaml cannot be used .*\n$/,
    ],
    ['a folder that cannot be made', { PLIMSOLL_DIR: join(file, 'below') }, /^\[plimsoll\] PLM_RECORD_FAILED: .*\n$/],
    [
      'an address that is not local',
      { PLIMSOLL_LISTEN: '192.0.2.1:1', PLIMSOLL_EXPORTER: 'prometheus' },
      /^\[plimsoll\] PLM_LISTEN_FAILED: .*192\.0\.2\.1:1.*\n$/,
    ],
  ];
  for (const [name, env, line] of cases) {
    test(`${name} is one coded line; the application, its stdout and its exit code do not change`, async () => {
      const result = await runNode({ args: program, env });
      assert.equal(result.stdout, 'out\ndone\n', result.report);
      assert.equal(result.code, 7, result.report);
      assert.match(result.stderr, line, result.report);
    });
  }

  test('a port that a foreign program has is one coded line from ten seconds of age on, never a search for another', async () => {
    const taken = createServer((_request, response) => response.end('mine')).listen(0, '127.0.0.1');
    await new Promise((listening) => taken.once('listening', listening));
    const { port } = taken.address() as AddressInfo;
    const aged = `const { uptime } = process; process.uptime = () => uptime() + 10; ${program[1]?.replace('600', '2500')}`;
    const result = await runNode({ args: ['-e', aged], env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}` } });
    taken.close();
    assert.match(
      result.stderr,
      new RegExp(`^\\[plimsoll\\] PLM_LISTEN_FAILED: .*127\\.0\\.0\\.1:${port}.*\\n$`),
      result.report,
    );
    assert.deepEqual([result.stdout, result.code], ['out\ndone\n', 7], result.report);
  });

  test('the ring file stays when the process failed, with its exit code, and goes when it was short and well', async () => {
    const directory = scratch();
    await runNode({ args: program, env: { PLIMSOLL_DIR: directory } });
    assert.equal(readdirSync(directory).length, 1);
    const other = scratch();
    await runNode({ args: ['-e', 'setTimeout(() => {}, 600)'], env: { PLIMSOLL_DIR: other } });
    assert.deepEqual(readdirSync(other), []);
  });
});
