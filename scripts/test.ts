/** `npm test`: every test, two files at a time. */
import { runSuite } from './once-more.ts';

const { ok } = runSuite({
  node: process.execPath,
  args: ['--test-concurrency=2', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts'])],
  env: process.env,
  cwd: process.cwd(),
  stdout: 'inherit',
});
process.exitCode = ok ? 0 : 1;
