/**
 * Prints coverage of the product code by the tests that load it from source; fails when the vocabulary, the classifier or
 * the recorder are below 100 % of branches or lines. Child processes run the bundle and are not counted.
 */
import { mkdirSync, readFileSync } from 'node:fs';

import { runSuite } from './once-more.ts';

const TESTS = ['test/agent/**/*.test.ts', 'test/instrumentation/**/*.test.ts', 'test/exporters/**/*.test.ts'];
const PRODUCT = ['agent/**', 'instrumentation/**', 'exporters/**'];
const WHOLLY_COVERED = /^agent\/(model|classify|record)\//;
const REPORT = 'coverage/lcov.info';

mkdirSync('coverage', { recursive: true });
const { report, ok } = runSuite({
  node: process.execPath,
  args: [
    '--test-concurrency=2',
    '--experimental-test-coverage',
    ...PRODUCT.map((glob) => `--test-coverage-include=${glob}`),
    '--test-reporter=lcov',
    `--test-reporter-destination=${REPORT}`,
    ...TESTS,
  ],
  env: process.env,
  cwd: process.cwd(),
  stdout: 'pipe',
});
console.log(report.slice(Math.max(0, report.indexOf('ℹ start of coverage report'))));

/** One file of the report: `SF:` its name, `BRF`/`BRH` branches found and hit, `LF`/`LH` lines. */
const incomplete = readFileSync(REPORT, 'utf8')
  .split('end_of_record')
  .filter((record) => WHOLLY_COVERED.test(/^SF:(.*)$/m.exec(record)?.[1] ?? ''))
  .filter((record) => count(record, 'BRH') < count(record, 'BRF') || count(record, 'LH') < count(record, 'LF'))
  .map((record) => /^SF:(.*)$/m.exec(record)?.[1]);
for (const file of incomplete) console.log(`${file} must be covered wholly, and is not`);
process.exitCode = ok && incomplete.length === 0 ? 0 : 1;

function count(record: string, key: string): number {
  return Number(new RegExp(`^${key}:(\\d+)$`, 'm').exec(record)?.[1]);
}
