/** Captures are read by names out of a listing: nothing else of the machine can be. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import type { ApiCaptures } from '../../../../agent/sidecar/api/types.ts';
import { BEARER, jsonOf, openApiScene, problemOf, TOKEN } from '../../../helpers/api-scene.ts';
import { rawConnection } from '../../../helpers/http-client.ts';

const INSTANCE = '20261122T101500000Z-00000000deadbeef';
const REPORT = `capture-20261122T101501000Z-${INSTANCE}.report.json`;
const SNAPSHOT = `capture-20261122T101502000Z-${INSTANCE}.heapsnapshot`;
const LINK = `capture-20261122T101503000Z-${INSTANCE}.heapprofile`;
const SECRET = 'nobody may read this';

test('captures are listed newest first and read whole; what is none is neither', async (context) => {
  const scene = await openApiScene(context, { withToken: true });
  assert.deepEqual(jsonOf(await scene.get('/api/v1/captures', { headers: BEARER })), { captures: [], next: null });
  const folder = join(scene.dataDirectory, 'captures');
  mkdirSync(folder);
  writeFileSync(join(folder, REPORT), '{"a":1}');
  writeFileSync(join(folder, SNAPSHOT), 'x'.repeat(300_000));
  writeFileSync(join(folder, `${REPORT}.part`), SECRET);
  writeFileSync(join(folder, 'notes.txt'), SECRET);
  writeFileSync(join(scene.dataDirectory, 'outside'), SECRET);
  symlinkSync(join(scene.dataDirectory, 'outside'), join(folder, LINK));
  mkdirSync(join(folder, `capture-20261122T101504000Z-${INSTANCE}.heapsnapshot`));

  const list = jsonOf(await scene.get('/api/v1/captures', { headers: BEARER })) as ApiCaptures;
  assert.deepEqual(
    list.captures.map(({ id, kind, bytes, instance, wallMs }) => [
      id,
      kind,
      bytes,
      instance,
      new Date(wallMs).toISOString(),
    ]),
    [
      [SNAPSHOT, 'snapshot', 300_000, INSTANCE, '2026-11-22T10:15:02.000Z'],
      [REPORT, 'report', 7, INSTANCE, '2026-11-22T10:15:01.000Z'],
    ],
  );
  const first = jsonOf(await scene.get('/api/v1/captures?limit=1', { headers: BEARER })) as ApiCaptures;
  const second = await scene.get(`/api/v1/captures?limit=1&cursor=${first.next}`, { headers: BEARER });
  assert.deepEqual((jsonOf(second) as ApiCaptures).captures, [list.captures[1]]);

  const report = await scene.get(`/api/v1/captures/${REPORT}`, { headers: BEARER });
  assert.equal(report.body.toString(), '{"a":1}');
  assert.equal(report.headers['content-disposition'], `attachment; filename="${REPORT}"`);
  const snapshot = await scene.get(`/api/captures/${SNAPSHOT}`, { headers: BEARER });
  assert.deepEqual([snapshot.body.length, snapshot.headers['content-type']], [300_000, 'application/octet-stream']);
  const head = await scene.get(`/api/captures/${SNAPSHOT}`, { headers: BEARER, method: 'HEAD' });
  assert.deepEqual([head.status, head.body.length], [200, 0]);

  const up = ['../outside', '../token', '../../../../../../etc/passwd', 'notes.txt', `${REPORT}.part`, LINK];
  const paths = up.flatMap((name) => [
    name,
    encodeURIComponent(name),
    encodeURIComponent(encodeURIComponent(name)),
    name.replaceAll('/', '\\'),
    name.replaceAll('.', '%2e'),
    name.replaceAll('.', '%2e').replaceAll('/', '%2f'),
    name.replaceAll('../', '..%c0%af'),
    `${name}%00.report.json`,
    `${REPORT}/../${name}`,
  ]);
  for (const path of paths) {
    // as it is: a client would take the dots away
    const bytes = `GET /api/v1/captures/${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`;
    const { closed } = await rawConnection(scene.port, bytes);
    const text = await closed;
    assert.match(text, /^HTTP\/1\.1 40[04] /, path);
    assert.doesNotMatch(text, /nobody may|root:|0123456789abcdef/, path);
  }
  assert.equal(problemOf(await scene.get('/api/v1/captures/%E0%A4%A', { headers: BEARER })), '404 PLM_API_NOT_FOUND');
});
