/** A program that has something to do for a while and then ends, in a process that seems old enough for its telemetry to be sent. */
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { AGENT, startNode, type RunResult } from './run-node.ts';

const APPS = join(import.meta.dirname, '../fixtures/apps/otlp');

export interface Held {
  readonly fds: number;
  readonly megabytes: number;
}

export interface Worked {
  readonly early: Held;
  readonly late: Held;
  /** From the program's last action to its end. */
  readonly exitMs: number;
  /** What the agent said on stderr. */
  readonly lines: readonly string[];
  readonly result: RunResult;
}

export interface Work {
  readonly env: Readonly<Record<string, string>>;
  readonly workMs?: number;
  /** It is as old as it is: nothing is sent for 10 s. */
  readonly isYoung?: boolean;
  /** One of test/fixtures/apps/otlp. */
  readonly program?: string;
}

/** Fails unless the program ends well and says on stdout what it says without the agent: one line. */
export async function work({ env, workMs = 1500, isYoung = false, program = 'works.cjs' }: Work): Promise<Worked> {
  const running = startNode({
    preload: 'none',
    args: [...(isYoung ? [] : ['-r', join(APPS, 'old.cjs')]), '-r', AGENT, join(APPS, program), String(workMs)],
    env: { PLIMSOLL_MODE: 'observe', ...env },
    timeoutMs: 30_000,
  });
  running.child.stdin.end();
  let exitedMs = Number.NaN;
  running.child.once('exit', () => (exitedMs = Date.now()));
  const result = await running.ended;
  const { report, stdout, stderr } = result;
  assert.deepEqual([result.code, result.signal], [0, null], report);
  assert.equal(stdout.split('\n').length, 2, report);
  const { early, late, endMs } = JSON.parse(stdout) as { early: Held; late: Held; endMs: number };
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { early, late, exitMs: exitedMs - endMs, lines, result };
}
