/** `plimsoll sidecar` beside real processes: what it sees of each, and that none of them waits for it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Postmortem } from '../../agent/model/postmortem.ts';
import { leaveUntold, reportOnce } from '../../agent/postmortem/index.ts';
import { createInstanceId } from '../../agent/record/instance-id.ts';
import { readLatest } from '../../agent/record/reader.ts';
import type { ApiProcess } from '../../agent/sidecar/api/types.ts';
import { onWindows } from '../helpers/platform.ts';
import { assertUsageError, plimsoll, SIDECAR_UP } from '../helpers/run-cli.ts';
import { postmortemOf } from '../helpers/scripted-fleet.ts';
import { createSidecarScene, type SceneApp, type SidecarScene } from '../helpers/sidecar-scene.ts';
import { eventually } from '../helpers/watched-app.ts';

const DIED = 'plimsoll.process.died';
const DEGRADED = 'plimsoll.agent.degraded';

const CLUSTER = fileURLToPath(new URL('../fixtures/apps/processes/replaces-workers.cjs', import.meta.url));

async function scene(context: TestContext): Promise<SidecarScene> {
  const made = await createSidecarScene();
  context.after(made.stop);
  return made;
}

/** Its agent leaves the exporting to the sidecar. */
const isWatched = ({ exporter }: ApiProcess): boolean => exporter === 'sidecar';

/** How long after, ms, by the clock of this machine. */
const after = (wallMs: number, { ts }: { readonly ts: string }): number => Date.parse(ts) - wallMs;

const reports = (directory: string): readonly Postmortem[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.death.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Postmortem);

/** Nothing held it up: each time-out of ours is longer than what a busy machine does. */
async function assertUntouched(app: SceneApp): Promise<void> {
  app.say('worst');
  const [, worst] = await app.until(/worst (\d+)\n/);
  assert.ok(Number(worst) < 3000, `${worst} ms`);
  assert.equal(app.child.exitCode, null);
}

describe('sidecar', { concurrency: 4, skip: onWindows('signals') }, () => {
  test('sees who lives, who is blocked, who was killed, who failed, and who only switched its agent off', async (context) => {
    const { app, startSidecar, process: member, line, lines, directory, status } = await scene(context);
    startSidecar();
    const [blocked, killed, failed, silenced] = [app('blocked'), app('killed'), app('failed'), app('silenced')];
    for (const service of ['blocked', 'killed', 'failed', 'silenced']) await member(service, isWatched);

    const release = join(directory, 'release');
    blocked.say(`blockUntil ${release}`);
    silenced.say('stop');
    const killedMs = Date.now();
    killed.child.kill('SIGKILL');
    const killedLine = await line('killed', DIED);
    assert.ok(Date.now() - killedMs < 4000, `${Date.now() - killedMs} ms`);
    assert.ok(Math.abs(after(killedMs, killedLine)) < 2500, killedLine.ts);
    failed.say('exit 3');
    const failedLine = await line('failed', DIED);
    assert.deepEqual(
      [failedLine.attributes['plimsoll.death.cause'], failedLine.attributes['plimsoll.death.evidence']],
      ['crash', 'observed'],
    );

    const { degraded } = await member('blocked', ({ state }) => state === 'blocked');
    assert.ok(degraded.some(({ reason }) => reason === 'event_loop_blocked'));
    const blockedLine = lines().find(
      (each) => each.service === 'blocked' && each.attributes['reason'] === 'event_loop_blocked',
    );
    assert.equal(blockedLine?.event, DEGRADED);
    writeFileSync(release, '');
    await member('blocked', ({ state }) => state === 'live');
    assert.ok(!(await status()).processes.some(({ service, state: is }) => service === 'silenced' && is !== 'ended'));
    assert.equal(silenced.child.exitCode, null);
    assert.deepEqual(
      reports(directory)
        .map(({ serviceName }) => serviceName)
        .toSorted(),
      ['failed', 'killed'],
    );
  });

  test('killed and started again, it knows what was, tells what it missed, and nobody notices', async (context) => {
    const { app, startSidecar, process: member, line, lines, status, directory } = await scene(context);
    const early = startSidecar();
    const [first, second, lasting] = [app('first'), app('second'), app('lasting')];
    for (const service of ['first', 'second', 'lasting']) await member(service, isWatched);
    first.child.kill('SIGKILL');
    await line('first', DIED);
    early.child.kill('SIGKILL');
    await early.ended;
    second.child.kill('SIGKILL');
    await second.ended;
    startSidecar();
    await line('second', DIED);
    assert.equal(lines().filter(({ event }) => event === DIED).length, 2, 'each death is told once');
    assert.equal(reports(directory).find(({ serviceName }) => serviceName === 'second')?.foundBy, 'sidecar');
    await member('lasting', ({ state }) => state === 'live');
    const { deaths } = await status();
    assert.equal(
      deaths.reduce((sum, { count }) => sum + count, 0),
      2,
    );
    await assertUntouched(lasting);
  });

  test('a death that a young process reported and could not tell is told, once, however long ago that was', async (context) => {
    const { startSidecar, line, lines, directory, status } = await scene(context);
    const foundMs = Date.now() - 3_600_000;
    const serviceInstanceId = createInstanceId(foundMs - 60_000);
    assert.ok(reportOnce(directory, postmortemOf({ serviceInstanceId, serviceName: 'told-late' }, foundMs), directory));
    leaveUntold(directory, serviceInstanceId);
    const first = startSidecar();
    const { ts, attributes } = await line('told-late', DIED);
    assert.deepEqual([Date.parse(ts), attributes['plimsoll.death.found_by']], [foundMs - 100, 'sidecar']);
    assert.equal(existsSync(join(directory, `${serviceInstanceId}.untold`)), false);
    await first.until(/page at/, 'stderr');
    await eventually(() => assert.ok(existsSync(join(directory, 'told.json'))), 10_000);
    const second = startSidecar();
    await eventually(
      () =>
        assert.match(readFileSync(join(directory, 'sidecar.json'), 'utf8'), new RegExp(`"pid":${second.child.pid}\\b`)),
      10_000,
    );
    first.child.kill('SIGTERM');
    await first.ended;
    await second.until(/page at/, 'stderr'); // whose port was taken at first
    await status();
    leaveUntold(directory, serviceInstanceId); // as a sidecar that was killed in between would leave it
    await eventually(() => assert.equal(existsSync(join(directory, `${serviceInstanceId}.untold`)), false), 10_000);
    second.child.kill('SIGTERM');
    await second.ended;
    assert.equal(lines().length, 1);
  });

  test('its folder deleted, it goes on with the processes that it has, and their deaths are told', async (context) => {
    const { app, startSidecar, process: member, line, directory } = await scene(context);
    startSidecar();
    const [lasting, dying] = [app('lasting'), app('dying')];
    for (const service of ['lasting', 'dying']) await member(service, isWatched);
    rmSync(directory, { recursive: true });
    for (const service of ['lasting', 'dying']) {
      const { sampleMs } = await member(service);
      await member(service, (each) => (each.sampleMs ?? 0) > (sampleMs ?? 0) + 500);
    }
    dying.child.kill('SIGKILL');
    await line('dying', DIED);
    await assertUntouched(lasting);
    await member('lasting', ({ state }) => state === 'live');
  });

  test('on SIGTERM it lets go of everything and ends with 0; started late, it takes up who is there', async (context) => {
    const { app, startSidecar, process: member, directory } = await scene(context);
    const lasting = app('lasting');
    await lasting.until(/ready/);
    const sidecar = startSidecar();
    await member('lasting', isWatched);
    await sidecar.until(/page at/, 'stderr');
    sidecar.child.kill('SIGTERM');
    const { code, stderr, report } = await sidecar.ended;
    assert.deepEqual([code, stderr.replace(SIDECAR_UP, '')], [0, ''], report);
    const [, metrics, page] = /^\S+ watching \S+: metrics at (\S+), page at (\S+)\n$/.exec(stderr) ?? [];
    assert.match(metrics ?? '', /^http:\/\/\S+:\d+\/metrics$/);
    assert.match(page ?? '', /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assert.equal(existsSync(join(directory, 'sidecar.json')), false);
    await assertUntouched(lasting);
    lasting.say('recording');
    const [, path] = await lasting.until(/recording (\S+)/);
    const read = readLatest(path ?? '');
    assert.ok(read.ok && Date.now() - (read.reading.record?.row[0] ?? 0) < 3000);
  });

  test('a cluster is a process each, in slots that are used again', async (context) => {
    const { app, startSidecar, process: member, status, line } = await scene(context);
    startSidecar();
    app('cluster', { args: [CLUSTER] });
    const slots = async (): Promise<readonly string[]> => {
      const { processes } = await status();
      return processes
        .filter(({ state }) => state !== 'ended')
        .map((each) => each.process)
        .toSorted();
    };
    for (const slot of ['main', 'worker-1', 'worker-2']) await member('cluster', (each) => each.process === slot);
    const first = await member('cluster', (each) => each.process === 'worker-1' && isWatched(each));
    process.kill(first.pid ?? 0, 'SIGKILL');
    await line('cluster', DIED);
    await member('cluster', (each) => each.process === 'worker-1' && each.instance !== first.instance);
    assert.deepEqual(await slots(), ['main', 'worker-1', 'worker-2']);
  });

  test('without a folder it says so in one line, whatever NODE_OPTIONS preloads', async () => {
    assertUsageError(await plimsoll(['sidecar']), /PLIMSOLL_DIR is not set/);
  });
});
