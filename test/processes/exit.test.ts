/** The application decides when it ends, and how: from a pressure handler too, where V8 may still be compiling what the agent has just run. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { runNode } from '../helpers/run-node.ts';

/** Grows Buffers past its budget and ends from the handler: so a Node.js process was seen to hang for ever in one of 30 to 70 ends. */
function program(before: string): string {
  return `${before}
    const kept = [];
    setTimeout(function grow() {
      for (let piece = 0; piece < 4; piece++) kept.push(Buffer.alloc(1e6, 1));
      setTimeout(grow, 1);
    }, 400);
    setTimeout(() => {
      globalThis[Symbol.for('plimsoll.agent.v1')].onPressure('elevated', () => {
        process.once('exit', () => process.stdout.write(String(Date.now())));
        process.exit(7);
      });
    }, 100);`;
}

describe('an application that ends from its pressure handler', { concurrency: 2 }, () => {
  const runs: readonly (readonly [name: string, before: string])[] = [
    ['ends at once and with its own code', ''],
    ['does so too without SharedArrayBuffer', 'delete globalThis.SharedArrayBuffer;'],
    ['does so too without Atomics', 'delete globalThis.Atomics;'],
  ];
  for (const [name, before] of runs) {
    test(name, async () => {
      const result = await runNode({
        args: ['-e', program(before)],
        env: { PLIMSOLL_PROCESS_BUDGET: '384MiB', PLIMSOLL_EXPORTER: 'none', OTEL_LOG_LEVEL: 'error' },
      });
      const lateMs = Date.now() - Number(result.stdout);
      assert.deepEqual([result.code, result.signal, result.stderr], [7, null, ''], result.report);
      assert.ok(lateMs < 1000, `ended ${lateMs} ms after its exit event\n${result.report}`);
    });
  }
});
