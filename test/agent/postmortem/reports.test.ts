/** A death is claimed, kept, counted and told once. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { MAX_WORKLOADS, type Postmortem } from '../../../agent/model/postmortem.ts';
import {
  countDeath,
  deathCounts,
  deathReportPath,
  investigate,
  isReported,
  leaveUntold,
  listPostmortems,
  readPostmortem,
  reportOnce,
  takeUntold,
  totalDeaths,
} from '../../../agent/postmortem/index.ts';
import { temporaryDirectory } from '../record/ring-fixture.ts';
import { found, LAST_MS } from './found-death.ts';

function death(changes: Partial<Postmortem> = {}): Postmortem {
  return { ...investigate(found({ diedAfterMs: 40 })), ...changes };
}

const OTHER = '20261121T231745123Z-9f86d081884c7d66';

describe('a report', () => {
  test('is made once, whole, and nothing else is left in the folder', (context) => {
    const directory = temporaryDirectory(context);
    const postmortem = death();
    assert.equal(reportOnce(directory, postmortem), true);
    assert.equal(reportOnce(directory, { ...postmortem, cause: 'crash' }), false);
    assert.deepEqual(readdirSync(directory), [`${postmortem.instance}.death.json`]);
    assert.deepEqual(readPostmortem(deathReportPath(directory, postmortem.instance)), postmortem);
    assert.equal(isReported(directory, postmortem.instance), true);
    assert.equal(isReported(directory, OTHER), false);
  });

  test('has the mode that its folder allows', { skip: process.platform === 'win32' && 'no modes' }, (context) => {
    const directory = temporaryDirectory(context);
    chmodSync(directory, 0o770);
    reportOnce(directory, death());
    assert.equal(statSync(deathReportPath(directory, death().instance)).mode & 0o777, 0o660);
  });

  test('is copied where data is kept, and found there when the folder is gone', (context) => {
    const directory = temporaryDirectory(context);
    const data = temporaryDirectory(context);
    reportOnce(directory, death(), join(data, 'plimsoll'));
    assert.deepEqual(listPostmortems(join(directory, 'gone'), join(data, 'plimsoll')), [death()]);
    assert.equal(listPostmortems(directory, join(data, 'plimsoll')).length, 1);
    const later = death({ instance: OTHER, diedMs: LAST_MS + 5000 });
    reportOnce(directory, later, directory);
    const names = listPostmortems(directory).map(({ instance }) => instance);
    assert.deepEqual(names, [OTHER, death().instance], 'newest first');
  });

  test('throws where nothing can be written', (context) => {
    const directory = temporaryDirectory(context);
    assert.throws(() => reportOnce(join(directory, 'missing'), death()), { code: 'ENOENT' });
  });

  test('that is none is no report', (context) => {
    const directory = temporaryDirectory(context);
    const texts = ['', '{', 'null', '[]', '{"version":2}', JSON.stringify({ ...death(), cause: 'bored' })];
    for (const text of texts) {
      writeFileSync(deathReportPath(directory, death().instance), text);
      assert.deepEqual(listPostmortems(directory), [], text);
    }
    mkdirSync(deathReportPath(directory, OTHER));
    writeFileSync(join(directory, 'x.death.json'), JSON.stringify(death()));
    assert.deepEqual(listPostmortems(directory), []);
  });
});

describe('deaths', () => {
  const counted = (directory: string): number =>
    totalDeaths(deathCounts(directory)).reduce((n, { count }) => n + count, 0);

  test('are counted by service, container, cause and evidence, and every pair has a count', (context) => {
    const directory = temporaryDirectory(context);
    assert.deepEqual(deathCounts(directory), []);
    const deaths = [death(), death(), death({ cause: 'crash', evidence: 'observed' }), death({ serviceName: 'cart' })];
    for (const each of deaths) assert.equal(countDeath(directory, each, Date.now()), true);
    assert.deepEqual(readdirSync(directory), ['deaths.json']);
    const [first, second] = deathCounts(directory);
    assert.deepEqual([first?.serviceName, first?.container, second?.serviceName], ['checkout', 'app', 'cart']);
    assert.deepEqual(first?.counts, [
      { cause: 'killed', evidence: 'inferred', count: 2 },
      { cause: 'crash', evidence: 'observed', count: 1 },
    ]);
    const total = totalDeaths(deathCounts(directory));
    assert.equal(total.length, 10);
    assert.equal(total.find(({ cause, evidence }) => cause === 'killed' && evidence === 'inferred')?.count, 3);
  });

  test('of more services than are counted apart are of the others', (context) => {
    const directory = temporaryDirectory(context);
    for (let i = 0; i < MAX_WORKLOADS + 4; i++) countDeath(directory, death({ serviceName: `s${i}` }), Date.now());
    const workloads = deathCounts(directory);
    assert.equal(workloads.length, MAX_WORKLOADS + 1);
    assert.equal(workloads.find(({ serviceName }) => serviceName === '_other')?.counts[0]?.count, 4);
    assert.equal(counted(directory), MAX_WORKLOADS + 4);
  });

  test('wait for who counts just now, and not for who died while counting', (context) => {
    const directory = temporaryDirectory(context);
    const lock = join(directory, 'deaths.json.lock');
    writeFileSync(lock, '');
    writeFileSync(join(directory, `deaths.json.${process.pid}.part`), 'half');
    assert.equal(countDeath(directory, death(), Date.now()), false);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    assert.equal(countDeath(directory, death(), Date.now()), true);
    assert.equal(counted(directory), 1);
    assert.deepEqual(readdirSync(directory), ['deaths.json']);
  });

  test('of a file that is not ours are none', (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, 'deaths.json');
    for (const text of [
      'x',
      '{"workloads":7}',
      '{"workloads":[1,{"serviceName":"a","container":"","counts":[{"cause":"x"}]}]}',
    ]) {
      writeFileSync(file, text);
      assert.equal(counted(directory), 0, text);
    }
    assert.equal(countDeath(directory, death(), Date.now()), true);
    assert.match(readFileSync(file, 'utf8'), /"count":1/);
  });

  test('that were not told are told by one', (context) => {
    const directory = temporaryDirectory(context);
    reportOnce(directory, death());
    leaveUntold(directory, death().instance);
    leaveUntold(directory, OTHER);
    assert.deepEqual(takeUntold(directory), [death()], 'one of them has no report');
    assert.deepEqual(takeUntold(directory), []);
    assert.deepEqual(takeUntold(join(directory, 'missing')), []);
  });
});
