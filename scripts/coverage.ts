/**
 * Prints coverage of the product code by the tests that load it from source; fails when the vocabulary, the classifier or
 * the recorder are below 100 % of branches or lines. Child processes run the bundle and are not counted.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

const TESTS = ['test/agent/**/*.test.ts', 'test/instrumentation/**/*.test.ts', 'test/exporters/**/*.test.ts'];
const PRODUCT = ['agent/**', 'instrumentation/**', 'exporters/**'];
const WHOLLY_COVERED = /^agent\/(model|classify|record)\//;
const REPORT = 'coverage/lcov.info';

mkdirSync('coverage', { recursive: true });
const { status, stdout } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    '--experimental-test-coverage',
    ...PRODUCT.map((glob) => `--test-coverage-include=${glob}`),
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=lcov',
    `--test-reporter-destination=${REPORT}`,
    ...TESTS,
  ],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 2 ** 20 },
);
console.log(status === 0 ? stdout.slice(stdout.indexOf('ℹ start of coverage report')) : stdout);

/** One file of the report: `SF:` its name, `BRF`/`BRH` branches found and hit, `LF`/`LH` lines. */
const incomplete = readFileSync(REPORT, 'utf8')
  .split('end_of_record')
  .filter((record) => WHOLLY_COVERED.test(/^SF:(.*)$/m.exec(record)?.[1] ?? ''))
  .filter((record) => count(record, 'BRH') < count(record, 'BRF') || count(record, 'LH') < count(record, 'LF'))
  .map((record) => /^SF:(.*)$/m.exec(record)?.[1]);
for (const file of incomplete) console.log(`${file} must be covered wholly, and is not`);
process.exitCode = status === 0 && incomplete.length === 0 ? 0 : 1;

function count(record: string, key: string): number {
  return Number(new RegExp(`^${key}:(\\d+)$`, 'm').exec(record)?.[1]);
}
