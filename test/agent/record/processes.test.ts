/** A real writer in another process: killed while it writes, and read while it writes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { followRing } from '../../../agent/record/follow.ts';
import type { RingRecord } from '../../../agent/record/slots.ts';
import { readLatest, readRing } from '../../../agent/record/reader.ts';
import { valueOf } from '../../fixtures/record/value-of.ts';
import { readable, temporaryDirectory } from './ring-fixture.ts';

const WRITE_LOOP = fileURLToPath(new URL('../../fixtures/record/write-loop.ts', import.meta.url));

function startWriter(context: TestContext, ...args: string[]) {
  const directory = temporaryDirectory(context);
  const child = spawn(process.execPath, [WRITE_LOOP, directory, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  return { child, closed, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

function assertWritten({ sequence, row }: RingRecord): void {
  for (const [column, value] of row.entries()) assert.equal(value, valueOf(sequence, column));
}

for (const killAfter of [1, 1000, 1024, 5001]) {
  test(`a process killed while it writes leaves everything it wrote: after ${killAfter} records`, async (context) => {
    const { child, closed, lines } = startWriter(context, '64', 'say');
    const path = String((await lines.next()).value);
    let said = 0;
    for await (const line of lines) {
      said = Number(line);
      if (said === killAfter) child.kill('SIGKILL');
    }
    await closed;
    assert.ok(said >= killAfter);
    assert.equal(child.signalCode, 'SIGKILL');

    const { records, end, rejected } = readable(readRing(path));
    const newest = records.at(-1)?.sequence ?? 0;
    // killed between the write and the word about it, or inside the write: one torn slot
    assert.ok(newest === said || newest === said + 1, `${newest} in the file, ${said} said`);
    assert.equal(end, undefined);
    assert.ok(rejected <= 1);
    assert.ok(records.length >= Math.min(newest, 64) - rejected);
    for (const record of records) assertWritten(record);
    const latest = readable(readLatest(path)).record;
    assert.equal(latest?.sequence, newest);
  });
}

test('a reader in a tight race with a writer never gets a record that was not written', async (context) => {
  // so few slots that the writer comes round while the reader reads
  const { child, closed, lines } = startWriter(context, '3');
  const path = String((await lines.next()).value);
  let sequences = 0;
  let lastSequence = 0;
  let torn = 0;
  let followedTo = 0;
  const follower = readable(followRing(path));
  context.after(follower.close);
  let followed = 0;
  const startedMs = performance.now();
  // on a busy machine both are slow
  const isEnough = (): boolean => sequences > 1000 && lastSequence > 10_000 && followed > 100;
  while (performance.now() - startedMs < (isEnough() ? 2500 : 15_000)) {
    for (const record of follower.poll().rows) {
      assertWritten(record);
      assert.ok(record.sequence > followedTo, 'each once, none before another');
      followedTo = record.sequence;
      followed += 1;
    }
    const { records, rejected } = readable(readRing(path));
    for (const record of records) assertWritten(record);
    torn += rejected;
    const latest = readable(readLatest(path)).record;
    if (latest !== undefined) {
      assertWritten(latest);
      assert.ok(latest.sequence >= lastSequence, 'the latest record never goes back');
      lastSequence = latest.sequence;
    }
    sequences += records.length;
  }
  context.diagnostic(
    `${sequences} records read of ${lastSequence} written, ${torn} slots torn at every reading, ${followed} followed`,
  );
  assert.ok(isEnough(), `${sequences} ${lastSequence} ${followed}`);
  child.kill('SIGKILL');
  await closed;
});
