import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lifeOf, type Life, type Signs } from '../../../agent/sidecar/life.ts';

const CALM: Signs = { silentMs: 400, intervalMs: 1000, connection: 'open', hasAnswered: false, pid: 'unknown' };

const STORIES: readonly (readonly [story: string, signs: Partial<Signs>, life: Life])[] = [
  ['it writes', {}, 'live'],
  ['a record is late', { silentMs: 1999 }, 'live'],
  ['silent for two intervals, and its socket is open', { silentMs: 2000 }, 'blocked'],
  ['the same at another pace', { silentMs: 2000, intervalMs: 5000 }, 'live'],
  ['its disk is full: it answers and does not write', { silentMs: 60_000, hasAnswered: true }, 'live'],
  [
    'a new sidecar finds it busy: the kernel connects, nobody answers',
    { silentMs: 2500, connection: 'unanswered' },
    'blocked',
  ],
  ['stopped in a debugger for an hour', { silentMs: 3_600_000 }, 'blocked'],
  [
    'its socket cannot be reached, its pid can be seen',
    { silentMs: 9000, connection: 'none', pid: 'alive' },
    'blocked',
  ],
  ['killed: nobody listens at its socket any more', { connection: 'refused' }, 'dead'],
  ['its socket is refused, and there it is: not that one', { connection: 'refused', pid: 'alive' }, 'live'],
  ['the connection was lost a moment ago', { connection: 'lost' }, 'live'],
  ['the connection was lost, and so is the pid', { connection: 'lost', pid: 'gone' }, 'dead'],
  ['the folder was deleted with the socket, and it writes on', { connection: 'lost', silentMs: 900 }, 'live'],
  ['the folder was deleted with the socket, and it writes no more', { connection: 'lost', silentMs: 2000 }, 'dead'],
  ['/proc hides it, and it writes', { connection: 'none', pid: 'gone' }, 'live'],
  ['no socket, no pid, no record', { connection: 'none', pid: 'gone', silentMs: 2000 }, 'dead'],
  ['nothing can be asked: it may be slow', { connection: 'none', silentMs: 29_000 }, 'live'],
  ['nothing can be asked for 30 s', { connection: 'none', silentMs: 30_000 }, 'dead'],
  [
    'nothing can be asked, and it writes each minute',
    { connection: 'none', silentMs: 30_000, intervalMs: 60_000 },
    'live',
  ],
  ['its parent says so, whatever else is seen', { pid: 'ended' }, 'dead'],
];

for (const [story, signs, life] of STORIES) {
  test(`${story}: ${life}`, () => assert.equal(lifeOf({ ...CALM, ...signs }), life));
}
