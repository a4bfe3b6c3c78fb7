import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CommandError } from '../../../agent/cli/command.ts';
import { ALL_OPTIONS, environmentOf, optionFlags, readOptions, withoutFallback } from '../../../agent/cli/flags.ts';
import { OPTIONS } from '../../../agent/config/options.ts';
import { readConfiguration } from '../../../agent/config/read.ts';

const usage = (message: RegExp) => (error: unknown) =>
  error instanceof CommandError &&
  error.exitCode === 2 &&
  error.problem.code === 'PLM_USAGE' &&
  message.test(error.message);

test('every option of the table is a flag, with its words, its variable and its default', () => {
  const flags = optionFlags(ALL_OPTIONS);
  assert.equal(Object.keys(flags).length, Object.keys(OPTIONS).length);
  const flag = flags['sample-interval-min'];
  assert.match(flag?.describe ?? '', /^The pace near a limit\. \(PLIMSOLL_SAMPLE_INTERVAL_MIN; default 50ms\)$/);
});

test('flags become the variables that say the same', () => {
  assert.deepEqual(environmentOf({ mode: 'observe', 'process-budget': '300MiB', json: true, dir: undefined }), {
    PLIMSOLL_MODE: 'observe',
    PLIMSOLL_PROCESS_BUDGET: '300MiB',
  });
});

test('a flag with a nonsensical value says what is allowed', () => {
  assert.throws(
    () => environmentOf({ 'sample-interval': '5' }),
    usage(/^--sample-interval is "5", must be a duration/),
  );
});

test('nonsense in a variable that the command reads is an error, in one that it does not read is not', async () => {
  const env = { PLIMSOLL_LISTEN: 'nowhere', PLIMSOLL_MODE: 'loud' };
  await assert.rejects(readOptions(env, ['listen']), usage(/^PLIMSOLL_LISTEN is "nowhere", must be [^.]*\.$/));
  const { directory } = await readOptions({ ...env, PLIMSOLL_DIR: '/a' }, ['directory']);
  assert.equal(directory, '/a');
});

test('variables that only fail together are an error too', async () => {
  const env = { PLIMSOLL_ENTER: '.5,.6,.7', PLIMSOLL_EXIT: '.6,.7,.8' };
  await assert.rejects(readOptions(env, ALL_OPTIONS), usage(/^PLIMSOLL_EXIT is [^ ]*, must be below PLIMSOLL_ENTER/));
});

test('the configuration file counts, and a missing one is an error', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-flags-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'plimsoll.yaml');
  writeFileSync(file, 'dir: /from/file\nlisten: nowhere\n');
  const env = { PLIMSOLL_CONFIG_FILE: file };
  assert.equal((await readOptions(env, ['directory'])).directory, '/from/file');
  await assert.rejects(readOptions(env, ['listen']), usage(/^listen in .*plimsoll\.yaml is "nowhere"/));
  await assert.rejects(
    readOptions({ PLIMSOLL_CONFIG_FILE: join(folder, 'none.yaml') }, []),
    usage(/none\.yaml cannot be used/),
  );
});

test('what the agent would do instead is left out of what a command says', async () => {
  const env = {
    PLIMSOLL_MODE: 'loud',
    PLIMSOLL_DWELL: 'x',
    PLIMSOLL_PROCESS_BUDGET: '1',
    PLIMSOLL_SAMPLE_INTERVAL: '1.5',
  };
  const { problems } = await readConfiguration(env);
  assert.equal(problems.length, 4);
  for (const found of problems) {
    assert.match(found.message, / Using [^"]*$/);
    assert.doesNotMatch(withoutFallback(found), / Using /);
    assert.match(withoutFallback(found), /must be .*[^.]\.$/);
  }
});
