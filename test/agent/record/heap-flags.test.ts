import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapFlags } from '../../../agent/record/heap-flags.ts';

test('heap flags of the command line and of NODE_OPTIONS are kept, in either spelling', () => {
  const flags = heapFlags(
    ['--max_old_space_size=512', '--expose-gc', '--max-semi-space-size=16.5'],
    '--max-old-space-size-percentage=70  --heapsnapshot-near-heap-limit=2\t--initial-heap-size=64',
  );
  assert.deepEqual(flags, [
    '--max-old-space-size-percentage=70',
    '--heapsnapshot-near-heap-limit=2',
    '--initial-heap-size=64',
    '--max_old_space_size=512',
    '--expose-gc',
    '--max-semi-space-size=16.5',
  ]);
});

test('nothing else is kept, whatever it hides behind a known name', () => {
  const secrets = [
    '--require=/srv/token-abc.js',
    '--title=secret',
    '--max-old-space-size=hunter2',
    '--max-old-space-size=512;secret',
    'x--max-old-space-size=512',
    '--max-old-space-size-secret=1',
    '--import=data:text/javascript,secret',
    '-e',
    'console.log("secret")',
    '--expose-gc\nsecret',
  ];
  assert.deepEqual(heapFlags(secrets, '--require ./secret.js --tls-keylog=/secret'), []);
  assert.deepEqual(heapFlags([], ''), []);
});
