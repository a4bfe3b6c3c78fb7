/** V8 has one sampling heap profiler a process: whose it is, and that nobody's is stopped but ours. */
import assert from 'node:assert/strict';
import { close, open, Session } from 'node:inspector';
import { test, type TestContext } from 'node:test';

import { createHeapSampler, type HeapSampler } from '../../../agent/capture/heap-sampler.ts';

function other(t: TestContext): { post(method: string): boolean } {
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  return {
    post(method) {
      let isAnswered = false;
      session.post(method, (error: Error | null) => (isAnswered = error === null));
      return isAnswered;
    },
  };
}

function sampler(t: TestContext): HeapSampler {
  const created = createHeapSampler(() => 1234);
  t.after(() => created.stop());
  return created;
}

test('it samples from its start to its stop', (t) => {
  const { post } = other(t);
  const ours = sampler(t);
  assert.equal(ours.sinceMs(), undefined);
  assert.equal(ours.start(), undefined);
  assert.equal(ours.sinceMs(), 1234);
  assert.ok(post('HeapProfiler.getSamplingProfile'));
  ours.stop();
  assert.equal(ours.sinceMs(), undefined);
  assert.equal(post('HeapProfiler.getSamplingProfile'), false);
});

test('what it reads is a .heapprofile that names who allocated', (t) => {
  const ours = sampler(t);
  ours.start();
  const kept: unknown[] = [];
  (function allocatesMuch() {
    for (let index = 0; index < 200_000; index++) kept.push({ index, of: [index] });
  })();
  const profile = JSON.parse(ours.read() ?? '') as { head: object; samples: unknown[] };
  assert.deepEqual(Object.keys(profile), ['head', 'samples']);
  assert.match(JSON.stringify(profile.head), /allocatesMuch/);
  assert.equal(kept.length, 200_000);
});

test('where another profiler runs it does not begin, and leaves the other running', (t) => {
  const { post } = other(t);
  assert.ok(post('HeapProfiler.startSampling'));
  const ours = sampler(t);
  assert.equal(ours.start(), 'another heap profiler runs in this process');
  ours.stop();
  assert.ok(post('HeapProfiler.getSamplingProfile'));
  assert.ok(post('HeapProfiler.stopSampling'));
  assert.equal(ours.start(), undefined);
});

test('where another has stopped it there is nothing to read, and no error', (t) => {
  const { post } = other(t);
  const ours = sampler(t);
  ours.start();
  assert.ok(post('HeapProfiler.startSampling'));
  assert.ok(post('HeapProfiler.stopSampling'));
  assert.equal(ours.read(), undefined);
  assert.equal(ours.sinceMs(), undefined);
});

test('where an inspector listens it does not begin', (t) => {
  open(0, '127.0.0.1');
  t.after(close);
  assert.equal(sampler(t).start(), 'an inspector listens in this process');
});
