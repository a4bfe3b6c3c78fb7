/** `npm test`: every test, three files at a time: most of what they do is wait for a process. */
import { runSuite } from './once-more.ts';

const { ok } = runSuite({
  node: process.execPath,
  args: ['--test-concurrency=3', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts'])],
  env: process.env,
  cwd: process.cwd(),
  stdout: 'inherit',
});
process.exitCode = ok ? 0 : 1;
