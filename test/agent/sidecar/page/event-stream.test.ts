import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createEventParser, type Message } from '../../../../agent/sidecar/page/browser/event-stream.ts';

function parse(chunks: readonly string[]): readonly Message[] {
  const messages: Message[] = [];
  const take = createEventParser((message) => messages.push(message));
  for (const chunk of chunks) take(chunk);
  return messages;
}

const STREAM =
  ': hello\n\nevent: status\ndata: {"a":1}\n\n: still here\n\ndata:no space\ndata: two lines\n\nevent: samples\r\ndata: []\r\n\r\nevent: cut';

test('messages come out whole, comments do not, and what is not ended waits', () => {
  assert.deepEqual(parse([STREAM]), [
    { event: 'status', data: '{"a":1}' },
    { event: 'message', data: 'no space\ntwo lines' },
    { event: 'samples', data: '[]' },
  ]);
});

test('it does not matter where the network cuts', () => {
  for (let cut = 1; cut < STREAM.length; cut++) {
    assert.deepEqual(parse([STREAM.slice(0, cut), STREAM.slice(cut)]), parse([STREAM]), `cut at ${cut}`);
  }
});
