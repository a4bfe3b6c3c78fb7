/** pm2 with applications that have Plimsoll: all instances in one scrape, each in the slot of its number. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { appIn } from '../../scripts/install-apps.ts';
import { untilProcesses } from '../helpers/endpoint.ts';
import { freePort } from '../helpers/prometheus.ts';
import { AGENT, startNode } from '../helpers/run-node.ts';

const { folder, skip } = appIn('pm2');
const BIN = join(folder, 'node_modules/pm2/bin');
const run = promisify(execFile);

interface Setting {
  readonly port: number;
  readonly ecosystem: string;
  readonly env: Readonly<Record<string, string>>;
  pm2(...args: readonly string[]): Promise<string>;
}

/** A pm2 of its own, whose daemon ends with the test. */
async function settingUp(t: TestContext, app: Readonly<Record<string, unknown>>): Promise<Setting> {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-pm2-'));
  const port = await freePort();
  const ecosystem = join(home, 'ecosystem.config.json');
  const options = { PLIMSOLL_LISTEN: `127.0.0.1:${port}`, PLIMSOLL_MODE: 'observe' };
  const script = join(folder, 'service.cjs');
  writeFileSync(ecosystem, JSON.stringify({ apps: [{ name: 'web', script, env: options, ...app }] }));
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, PM2_HOME: home, PM2_DISCRETE_MODE: 'true' };
  const pm2 = async (...args: readonly string[]): Promise<string> =>
    (await run(process.execPath, [join(BIN, 'pm2'), ...args], { env })).stdout;
  t.after(async () => {
    await pm2('kill');
    rmSync(home, { recursive: true, force: true });
  });
  return { port, ecosystem, env, pm2 };
}

describe('pm2', { skip, concurrency: 2 }, () => {
  for (const mode of ['cluster', 'fork'] as const) {
    test(`${mode} mode: four instances are one scrape, and a restart uses the slots again`, async (t) => {
      const { port, ecosystem, pm2 } = await settingUp(t, {
        instances: 4,
        exec_mode: mode,
        node_args: `-r ${AGENT}`,
      });
      await pm2('start', ecosystem);
      const slots = ['main', 'worker-1', 'worker-2', 'worker-3'];
      const found = await untilProcesses(port, slots);
      assert.deepEqual(found.processes, slots);
      const target = found.samples.find(({ name }) => name === 'target_info');
      assert.equal(target?.labels['service_name'], 'shop', 'by its own package.json');
      for (const slot of slots) assert.equal(found.infoOf(slot)['mode'], 'observe', 'options that pm2 hands over');
      const tellers = found.samples.filter(({ name }) => /^(plimsoll_container|system)_/.test(name));
      assert.equal(
        new Set(tellers.map(({ labels }) => labels['plimsoll_process'])).size,
        1,
        'one tells of the container',
      );

      await pm2('restart', 'web');
      const again = await untilProcesses(port, slots);
      assert.deepEqual(again.processes, slots);
      assert.equal(await errorsOf(pm2), '');
    });
  }

  test('pm2-runtime, the agent by NODE_OPTIONS: it is in the instances and not in pm2', async (t) => {
    const { port, ecosystem, env } = await settingUp(t, { instances: 2, exec_mode: 'cluster' });
    const runtime = startNode({
      preload: 'node-options',
      args: [join(BIN, 'pm2-runtime'), 'start', ecosystem],
      env: { ...env, PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
    });
    const found = await untilProcesses(port, ['main', 'worker-1']);
    assert.deepEqual(found.processes, ['main', 'worker-1']);
    const target = found.samples.find(({ name }) => name === 'target_info');
    assert.equal(target?.labels['service_name'], 'shop');
    runtime.child.kill('SIGINT');
    const { stderr, timedOut, report } = await runtime.ended;
    assert.equal(timedOut, false, report);
    assert.doesNotMatch(stderr, /plimsoll/, report);
  });
});

/** What the instances said on stderr. */
async function errorsOf(pm2: Setting['pm2']): Promise<string> {
  const logs = await pm2('logs', '--nostream', '--err', '--raw', '--lines', '100');
  return logs
    .split('\n')
    .filter((line) => line.startsWith('[plimsoll]'))
    .join('\n');
}
