/** Refusing under pressure, in a real service that holds as much as it is told, without a line of it changed for `PLIMSOLL_SHED=http`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { appIn } from '../../scripts/install-apps.ts';
import { BALLAST, heldTo } from '../helpers/ballast.ts';
import { ask } from '../helpers/http-client.ts';
import { eventually } from '../helpers/watched-app.ts';
import { runNode, startNode, type RunningNode } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/shedding', import.meta.url));
const SERVICE = join(APPS, 'service.mjs');
const TRACED = appIn('otel-3');
/** High at 328 MiB, critical at 368: a few MiB more or less are a small part of the way between them. */
const BUDGET_BYTES = 400 * 2 ** 20;
const HEALTH_PATHS = ['/healthz', '/readyz?full', '/health/deep', '/metrics'];

interface Facts {
  readonly level: number;
  readonly pressureRatio: number;
  readonly served: number;
  readonly concurrency: number;
}

interface Service {
  readonly running: RunningNode;
  /** Holds that part of the budget, and has sampled it. */
  hold(ratio: number): Promise<Facts>;
  facts(): Promise<Facts>;
  get(path: string): ReturnType<typeof ask>;
  /** Statuses of so many requests. */
  statuses(count: number, path: string): Promise<readonly number[]>;
  end(): Promise<void>;
}

async function startService(t: TestContext, env: Readonly<Record<string, string>>): Promise<Service> {
  const running = startNode({
    args: ['--expose-gc', SERVICE, String(BUDGET_BYTES)],
    env: {
      PLIMSOLL_PROCESS_BUDGET: String(BUDGET_BYTES),
      PLIMSOLL_EXPORTER: 'none',
      PLIMSOLL_DWELL: '0ms',
      PLIMSOLL_CAPTURE: 'off',
      PLIMSOLL_RECLAIM: 'off',
      ...env,
    },
    timeoutMs: 60_000,
  });
  t.after(() => running.child.kill('SIGKILL'));
  const [, port] = await running.until(/^port (\d+)$/m);
  const get = (path: string) => ask({ port: Number(port), path });
  const facts = async (): Promise<Facts> => JSON.parse(String((await get('/health/facts')).body)) as Facts;
  return {
    running,
    facts,
    get,
    async hold(ratio) {
      running.child.stdin.write(`${ratio}\n`);
      await running.until(new RegExp(`^holds ${ratio}$`, 'm'));
      return await eventually(async () => {
        const found = await facts();
        assert.ok(ratio === 0 ? found.level === 0 : found.pressureRatio >= ratio - 0.01 && found.level > 0);
        return found;
      }, 25_000);
    },
    async statuses(count, path) {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push((await get(path)).status);
      return all;
    },
    async end() {
      running.child.stdin.end();
      const result = await running.ended;
      assert.equal(result.code, 0, result.report);
    },
  };
}

const refused = (statuses: readonly number[]): number => statuses.filter((status) => status === 503).length;

describe('shedding', { concurrency: 2 }, () => {
  test('a service refuses none below high, a part in proportion above it, no health path ever, and all is over with the pressure', async (t) => {
    const service = await startService(t, { PLIMSOLL_SHED: 'http' });
    await service.hold(0.76);
    assert.equal(refused(await service.statuses(50, '/')), 0);
    const before = await service.facts();
    assert.equal(before.level, 1);

    const { pressureRatio } = await service.hold(0.87);
    const statuses = await service.statuses(200, '/');
    const { pressureRatio: still, served, level } = await service.facts();
    const part = (0.9 * ((pressureRatio + still) / 2 - 0.82)) / 0.1;
    assert.equal(level, 2);
    assert.ok(Math.abs(refused(statuses) / 200 - part) < 0.1, `${refused(statuses)} of 200 refused, ${part} expected`);
    assert.equal(served - before.served, 200 - refused(statuses)); // the others never met the application
    for (const path of HEALTH_PATHS) assert.equal(refused(await service.statuses(10, path)), 0, path);

    const replies = await Promise.all(Array.from({ length: 20 }, () => service.get('/')));
    const retry = replies.filter(({ status }) => status === 503).map(({ headers }) => Number(headers['retry-after']));
    assert.ok(retry.length > 0 && retry.every((seconds) => seconds >= 2 && seconds <= 38), String(retry));

    await service.hold(0);
    assert.equal(refused(await service.statuses(50, '/')), 0);
    await service.end();
  });

  test('in observe nobody is refused, no value shrinks, and nobody waits', async (t) => {
    const service = await startService(t, { PLIMSOLL_SHED: 'http', PLIMSOLL_MODE: 'observe' });
    const { level, concurrency } = await service.hold(0.93);
    assert.deepEqual([level, concurrency], [3, 16]);
    assert.equal(refused(await service.statuses(50, '/')), 0);
    assert.equal(String((await service.get('/shed')).body), '0');
    assert.equal(String((await service.get('/wait')).body), 'room');
    await service.end();
  });

  test('by its own code a service refuses at a point, waits for room, and runs less at once; none of it by HTTP unless asked for', async (t) => {
    const service = await startService(t, {});
    assert.equal(String((await service.get('/wait')).body), 'room');
    const { level, concurrency } = await service.hold(0.93);
    assert.deepEqual([level, concurrency], [3, 2]);
    assert.equal(refused(await service.statuses(50, '/')), 0);
    const own = Number((await service.get('/shed')).body);
    assert.ok(own >= 88 && own <= 92, String(own));
    assert.equal(String((await service.get('/wait')).body), 'PLM_HEADROOM_TIMEOUT');
    await service.end();
  });

  test(
    'in a service that is traced, who is refused is in no trace, and who is served is',
    { skip: TRACED.skip },
    async () => {
      const program = join(APPS, 'traced.cjs');
      const telemetry = { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
      const env = { ...heldTo(200), ...telemetry, PLIMSOLL_SHED: 'http' };
      const result = await runNode({ args: ['--import', BALLAST, program, TRACED.folder], env });
      assert.equal(result.code, 0, result.report);
      const { statuses, traced } = JSON.parse(result.stdout) as Record<'statuses' | 'traced', number[]>;
      assert.equal(statuses.length, 20);
      assert.ok(refused(statuses) >= 16 && refused(statuses) < 20, result.report);
      assert.deepEqual(
        traced,
        statuses.filter((status) => status === 200),
      );
    },
  );

  test('a program that has nothing left to do but wait for room does not end before it has it, or is told', async () => {
    const wait = `waitForHeadroom(50e6, { timeoutMs: 400 }).then(() => 'room', ({ code }) => code)`;
    const program = `import { waitForHeadroom } from 'plimsoll'; console.log(await ${wait});`;
    const args = ['--import', BALLAST, '--input-type=module', '-e', program];
    const result = await runNode({ args, env: heldTo(200), cwd: APPS });
    assert.deepEqual([result.code, result.stdout], [0, 'PLM_HEADROOM_TIMEOUT\n'], result.report);
  });

  test('a process without HTTP loads none of it to refuse requests', async () => {
    const program = `setTimeout(() => console.log(process.moduleLoadList.filter((name) => /http|NativeModule (net|tls)$/.test(name))), 600)`;
    const run = (env: Readonly<Record<string, string>>) =>
      runNode({ args: ['-e', program], env: { PLIMSOLL_EXPORTER: 'none', ...env } });
    const [without, withIt] = await Promise.all([run({}), run({ PLIMSOLL_SHED: 'http' })]);
    assert.equal(withIt.stdout, without.stdout, withIt.report);
    assert.doesNotMatch(withIt.stdout, /_http_server/);
  });
});
