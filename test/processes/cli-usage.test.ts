/** What every command has in common: help, version, wrong usage. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { VERSION } from '../../agent/model/version.ts';
import { assertPlain, assertUsageError, plimsoll } from '../helpers/run-cli.ts';

const COMMANDS = ['run', 'status', 'doctor', 'replay'];
const CONCURRENCY = 2;

describe('the command line', { concurrency: CONCURRENCY }, () => {
  test('--help lists every command and exits with 0', async () => {
    const result = await plimsoll(['--help']);
    assert.equal(result.code, 0, result.report);
    assert.equal(result.stderr, '');
    for (const command of COMMANDS) assert.match(result.stdout, new RegExp(`^  plimsoll ${command} `, 'm'));
    assert.match(result.stdout, /^Examples:\n {2}plimsoll run -- node app\.js/m);
  });

  for (const command of COMMANDS) {
    test(`${command} --help shows its options and an example`, async () => {
      const result = await plimsoll([command, '--help']);
      assert.equal(result.code, 0, result.report);
      assert.equal(result.stderr, '');
      assert.match(result.stdout, new RegExp(`^plimsoll ${command}`));
      assert.match(result.stdout, new RegExp(`^Examples:\n {2}plimsoll ${command} `, 'm'), result.report);
      assertPlain(result);
    });
  }

  test('--version says the version and nothing else', async () => {
    for (const flag of ['--version', '-v']) {
      const result = await plimsoll([flag]);
      assert.deepEqual([result.code, result.stdout, result.stderr], [0, `${VERSION}\n`, ''], result.report);
    }
  });

  for (const [args, what] of [
    [[], /name a command: run, sidecar, status, doctor, postmortem, drill, reclaim, replay/],
    [['statsu'], /Did you mean status\?/],
    [['explode'], /Unknown argument: explode/],
    [['status', '--loud'], /Unknown argument: loud\. See plimsoll status --help/],
    [['status', 'extra'], /Unknown argument: extra/],
    [['status', '--dir'], /Not enough arguments following: dir/],
    [['status', '--listen', 'nowhere'], /--listen is "nowhere", must be host:port/],
    [['status', '--url', 'ftp://x/'], /--url is "ftp:\/\/x\/", must be an http URL/],
    [['status', '--', 'x'], /status takes nothing after --/],
    [['doctor', '--image-limit', 'big'], /--image-limit is "big", must be a size/],
    [['doctor', '--image-limit=1Mi'], /must be a size from 16Mi/],
    [['replay'], /Not enough non-option arguments/],
  ] as const) {
    test(`\`plimsoll ${args.join(' ')}\` is wrong usage: one line, exit code 2`, async () => {
      assertUsageError(await plimsoll(args), what);
    });
  }

  test('nonsense in a variable that a command reads is wrong usage', async () => {
    const result = await plimsoll(['status'], { env: { PLIMSOLL_LISTEN: 'nowhere' } });
    assertUsageError(result, /PLIMSOLL_LISTEN is "nowhere"/);
  });
});
