/** The ways in which Node.js itself starts a program, each as it is without Plimsoll. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { scrape, scrapeUntil, type Scrape } from '../helpers/endpoint.ts';
import { OTHER_VERSION, writeOtherVersion } from '../helpers/other-version.ts';
import { freePort } from '../helpers/prometheus.ts';
import { temporaryFolder } from '../helpers/run-cli.ts';
import { AGENT, runNode, startNode, type RunOptions } from '../helpers/run-node.ts';

/** Long enough for an agent to be at work. */
const LATER = 'setTimeout(() => console.log("later"), 500)';

describe('the same outputs and exit code as without Plimsoll', { concurrency: 3 }, () => {
  const ways: readonly [string, Pick<RunOptions, 'args' | 'stdin'>][] = [
    ['node -e', { args: ['-e', `${LATER}; process.exitCode = 7`] }],
    ['node -p', { args: ['-p', `${LATER}; 6 * 7`] }],
    ['a program on stdin', { args: ['-'], stdin: `${LATER}; console.log(process.argv.length)` }],
    ['the REPL', { args: ['-i'], stdin: `6 * 7\nObject.keys(globalThis).length\n.exit\n` }],
    ['node --run', { args: ['--run', 'start'] }],
    ['node --test', { args: ['--test', '--test-reporter=tap', 'some.test.js'] }],
    ['node --check', { args: ['--check', 'app.js'] }],
  ];
  for (const [name, way] of ways) {
    for (const preload of ['require', 'node-options'] as const) {
      test(`${name} (${preload})`, async (t) => {
        const cwd = temporaryFolder(t);
        writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'shop', scripts: { start: 'node app.js' } }));
        writeFileSync(join(cwd, 'app.js'), `${LATER}; process.exitCode = 3`);
        writeFileSync(join(cwd, 'some.test.js'), `require('node:test')('waits', (t, done) => setTimeout(done, 500))`);
        const [without, found] = await Promise.all([
          runNode({ ...way, cwd, preload: 'none' }),
          runNode({ ...way, cwd, preload, env: { PLIMSOLL_LISTEN: `127.0.0.1:${await freePort()}` } }),
        ]);
        const plain = (text: string): string => text.replaceAll(/duration_ms:? [\d.]+/g, 'duration_ms');
        assert.equal(plain(found.stdout), plain(without.stdout), found.report);
        assert.deepEqual([found.code, found.stderr], [without.code, without.stderr], found.report);
      });
    }
  }
});

describe('node --watch', () => {
  for (const preload of ['require', 'node-options'] as const) {
    test(`starts the program anew, and the program has the port, not the watcher (${preload})`, async (t) => {
      const cwd = temporaryFolder(t);
      const program = join(cwd, 'app.js');
      const write = (text: string): void =>
        writeFileSync(program, `console.log('${text}'); setInterval(() => {}, 1000)`);
      write('first');
      const port = await freePort();
      const watching = startNode({
        preload,
        args: ['--watch', program],
        env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}`, OTEL_SERVICE_NAME: 'watched' },
      });
      await watching.until(/first/);
      const before = await scrapeUntil(port, () => true);
      write('second');
      await watching.until(/second/);
      const after = await scrapeUntil(port, (found) => instanceOf(found) !== instanceOf(before));
      assert.notEqual(instanceOf(after), instanceOf(before));
      assert.deepEqual([before.processes, after.processes], [['main'], ['main']]);
      watching.child.kill();
      const { stderr, timedOut, report } = await watching.ended;
      assert.deepEqual([stderr, timedOut], ['', false], report);
    });
  }
});

function instanceOf({ samples }: Scrape): string | undefined {
  return samples.find(({ name }) => name === 'target_info')?.labels['service_instance_id'];
}

describe('two versions in one process', () => {
  for (const [first, second] of [
    ['other', 'ours'],
    ['ours', 'other'],
  ] as const) {
    test(`are one agent, of the version that came first, in silence (${first})`, async (t) => {
      const paths = { ours: AGENT, other: writeOtherVersion(temporaryFolder(t)) };
      const port = await freePort();
      const service = startNode({
        preload: 'none',
        args: ['-r', paths[first], '-r', paths[second], '-e', 'process.stdin.resume()'],
        env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
      });
      await scrapeUntil(port, () => true);
      const found = await scrape(port);
      assert.equal(found.infoOf('main')['version'] === OTHER_VERSION, first === 'other');
      assert.deepEqual(found.processes, ['main']);
      service.child.stdin.end();
      const { code, stdout, stderr, report } = await service.ended;
      assert.deepEqual([code, stdout, stderr], [0, '', ''], report);
    });
  }
});
