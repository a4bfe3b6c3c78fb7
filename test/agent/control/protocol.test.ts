/** Neither end believes the other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createLines } from '../../../agent/control/lines.ts';
import { isAnswerTo, readAnswer, readRequest } from '../../../agent/control/protocol.ts';

const REFUSED: readonly [line: string, id: number, code: string, message: RegExp][] = [
  ['', 0, 'PLM_CONTROL_INVALID', /JSON object/],
  ['[]', 0, 'PLM_CONTROL_INVALID', /JSON object/],
  ['{"op":"caches"}', 0, 'PLM_CONTROL_INVALID', /`id`/],
  ['{"id":0,"op":"caches"}', 0, 'PLM_CONTROL_INVALID', /`id`/],
  ['{"id":1.5,"op":"caches"}', 0, 'PLM_CONTROL_INVALID', /`id`/],
  ['{"id":7}', 7, 'PLM_CONTROL_UNKNOWN', /op undefined is not one of hello, snapshot/],
  ['{"id":7,"op":"toString"}', 7, 'PLM_CONTROL_UNKNOWN', /"toString"/],
  ['{"id":7,"op":"hello"}', 7, 'PLM_CONTROL_INVALID', /watch/],
  ['{"id":7,"op":"clear","name":5}', 7, 'PLM_CONTROL_INVALID', /name/],
  ['{"id":7,"op":"reclaim","targetBytes":-1}', 7, 'PLM_CONTROL_INVALID', /targetBytes/],
  ['{"id":7,"op":"reclaim","targetBytes":1e999}', 7, 'PLM_CONTROL_INVALID', /targetBytes/],
  ['{"id":7,"op":"capture","kind":"core"}', 7, 'PLM_CONTROL_INVALID', /report, profile, snapshot/],
  ['{"id":7,"op":"drill","level":"worst","forMs":1}', 7, 'PLM_CONTROL_INVALID', /normal, elevated, high, critical/],
  ['{"id":7,"op":"drill","level":"high"}', 7, 'PLM_CONTROL_INVALID', /forMs/],
  ['{"id":7,"op":"drill","level":"high","forMs":600001}', 7, 'PLM_CONTROL_INVALID', /at most 600000/],
];

for (const [line, id, code, message] of REFUSED) {
  test(`${line === '' ? 'an empty line' : line} is refused`, () => {
    const refusal = readRequest(line);
    assert.ok('code' in refusal);
    assert.deepEqual([refusal.id, refusal.code], [id, code]);
    assert.match(refusal.message, message);
  });
}

test('a request is read with its own fields and no other', () => {
  assert.deepEqual(readRequest('{"id":3,"op":"clear","name":"a","more":1}'), { id: 3, op: 'clear', name: 'a' });
  assert.deepEqual(readRequest('{"id":3,"op":"drill","level":"normal"}'), {
    id: 3,
    op: 'drill',
    level: 'normal',
    forMs: 0,
  });
});

test('an answer is one with an id, and a result or a code and a message', () => {
  assert.deepEqual(readAnswer('{"id":1,"ok":true,"result":[]}'), { id: 1, ok: true, result: [] });
  for (const line of ['', '{}', '{"id":1}', '{"id":1,"ok":false}', '{"id":"1","ok":true}', 'null']) {
    assert.equal(readAnswer(line), undefined, line);
  }
});

test('a result that a reader would trip over is none', () => {
  assert.ok(isAnswerTo('hello', { protocol: 1, instance: 'i', agentVersion: '1', pid: 1 }));
  assert.ok(!isAnswerTo('hello', { protocol: 2, instance: 'i', agentVersion: '1', pid: 1 }));
  assert.ok(!isAnswerTo('snapshot', { columns: [1], row: '', note: {} }));
  assert.ok(!isAnswerTo('caches', [{ name: 'a' }]));
  assert.ok(!isAnswerTo('drill', null));
});

test('lines come out whole, however they come in', () => {
  const lines = createLines(10);
  for (const byte of Buffer.from('añb\nc\n\nd')) lines.push(Buffer.of(byte));
  const out = [lines.next(), lines.next(), lines.next(), lines.next()];
  assert.deepEqual(out, ['añb', 'c', '', undefined]);
  lines.push(Buffer.from('e\n'));
  assert.equal(lines.next(), 'de');
});

test('a line that is too long ends it all, before its end has come', () => {
  const lines = createLines(10);
  lines.push(Buffer.from('ok\n12345678901'));
  assert.equal(lines.next(), 'ok');
  assert.equal(lines.isBroken(), false);
  assert.equal(lines.next(), undefined);
  assert.equal(lines.isBroken(), true);
  lines.push(Buffer.from('\nok\n'));
  assert.equal(lines.next(), undefined);
});

test('docs/control-socket.md lists every operation', () => {
  const page = readFileSync(new URL('../../../docs/control-socket.md', import.meta.url), 'utf8');
  const refusal = readRequest('{"id":1,"op":"none"}');
  const known = 'message' in refusal ? (/one of (.*)$/.exec(refusal.message)?.[1] ?? '').split(', ') : [];
  const listed = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, op]) => op);
  assert.deepEqual(listed, ['op', ...known]);
});
