/**
 * Prints coverage of the product code by the tests that load it from source; fails when the vocabulary, the classifier or
 * the recorder are below 100 % of branches. Child processes run the bundle and are not counted.
 */
import { spawnSync } from 'node:child_process';

const TESTS = ['test/agent/**/*.test.ts', 'test/instrumentation/**/*.test.ts', 'test/exporters/**/*.test.ts'];

function run(include: readonly string[], tests: readonly string[], extra: readonly string[]): boolean {
  const includes = include.map((glob) => `--test-coverage-include=${glob}`);
  const args = ['--test', '--test-concurrency=2', '--experimental-test-coverage', '--test-reporter=spec'];
  const { status, stdout } = spawnSync(process.execPath, [...args, ...includes, ...extra, ...tests], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 2 ** 20,
  });
  const table = stdout.slice(stdout.indexOf('ℹ start of coverage report'));
  console.log(status === 0 ? table : stdout);
  return status === 0;
}

const whole = run(['agent/**', 'instrumentation/**', 'exporters/**'], TESTS, []);
const strict = run(['agent/model/**', 'agent/classify/**', 'agent/record/**'], TESTS, [
  '--test-coverage-branches=100',
  '--test-coverage-lines=100',
]);
process.exitCode = whole && strict ? 0 : 1;
