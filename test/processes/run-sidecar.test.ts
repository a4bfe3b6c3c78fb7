/** `plimsoll run` as the sidecar of its child: exporting, beside another sidecar, after one that died with its child. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ApiMemoryStatus } from '../../agent/sidecar/api/types.ts';
import { ask } from '../helpers/http-client.ts';
import { onWindows } from '../helpers/platform.ts';
import { freePort } from '../helpers/prometheus.ts';
import {
  plimsoll,
  plimsollInTerminal,
  startPlimsoll,
  temporaryFolder,
  WHEN_SAMPLED,
  whyNoTerminal,
} from '../helpers/run-cli.ts';
import { startNode } from '../helpers/run-node.ts';
import { createSidecarScene } from '../helpers/sidecar-scene.ts';
import { eventually } from '../helpers/watched-app.ts';

const LASTS = `${WHEN_SAMPLED} setInterval(() => {}, 1000); whenSampled(() => console.log('sampled'))`;
const KILLS_ITSELF = `${WHEN_SAMPLED} whenSampled(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300))`;

describe('run as sidecar', { concurrency: 3, skip: onWindows('signals') }, () => {
  test('the parent exports for its child, answers for it, and lets it go at the end', async () => {
    const api = await freePort();
    const command = ['--api-listen', `127.0.0.1:${api}`, '--', process.execPath, '-e', LASTS];
    const running = startPlimsoll(['run', ...command], { env: { OTEL_SERVICE_NAME: 'shop' } });
    await eventually(async () => {
      const { body } = await ask({ port: api, path: '/api/v1/memory/status' });
      const { processes } = JSON.parse(body.toString()) as ApiMemoryStatus;
      assert.deepEqual(
        processes.map(({ service, state, exporter }) => ({ service, state, exporter })),
        [{ service: 'shop', state: 'live', exporter: 'sidecar' }],
      );
    }, 10_000);
    running.child.kill('SIGTERM');
    const { code, stderr, report } = await running.ended;
    assert.deepEqual([code, stderr], [143, ''], report);
  });

  const noTerminal = whyNoTerminal();
  test('at a terminal it says where the page is, once', { skip: noTerminal ?? false }, async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const { host } = new URL(url);
    const program = `process.stdin.once('data', () => process.exit(0)); console.log('ready')`;
    const keys = ['\r'];
    const { code, output } = await plimsollInTerminal(
      ['run', '--api-listen', host, '--', process.execPath, '-e', program],
      (seen, press) => {
        if (seen.includes(url)) press(keys.pop() ?? '');
      },
    );
    assert.equal(code, 0, output);
    assert.deepEqual(output.match(/\[plimsoll\][^\r\n]*/g), [`[plimsoll] page at ${url}`], output);
  });

  test('what died with the parent before is told by the next one', async (context) => {
    const directory = temporaryFolder(context);
    const env = { PLIMSOLL_DIR: directory, OTEL_SERVICE_NAME: 'predecessor' };
    const before = startNode({ args: ['-e', LASTS], env });
    await before.until(/sampled/);
    before.child.kill('SIGKILL');
    await before.ended;
    const next = startPlimsoll(['run', '--dir', directory, '--', process.execPath, '-e', LASTS]);
    await next.until(/\[plimsoll\] predecessor died: [^\n]*\n[^]*recording: \S+\.ring\n/, 'stderr');
    next.child.kill('SIGTERM');
    assert.equal((await next.ended).code, 143);
  });

  test('beside another sidecar it starts none, and prints what that one found', async (context) => {
    const { startSidecar, directory, process: member, line, lines, stop, app } = await createSidecarScene();
    context.after(stop);
    startSidecar();
    app('other');
    await member('other');
    const result = await plimsoll(['run', '--dir', directory, '--', process.execPath, '-e', KILLS_ITSELF], {
      env: { OTEL_SERVICE_NAME: 'shop' },
    });
    assert.equal(result.code, 137, result.report);
    assert.match(result.stderr, /was ended by SIGKILL[^\n]*\n\[plimsoll\] shop died: /, result.report);
    await line('shop', 'plimsoll.process.died');
    assert.equal(lines().filter(({ event }) => event === 'plimsoll.process.died').length, 1);
  });
});
