/** A program that has something to do for as long as a test wants, in a process that seems old enough for its telemetry to be sent. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { AGENT, startNode, type RunningNode, type RunResult } from './run-node.ts';

const APPS = join(import.meta.dirname, '../fixtures/apps/otlp');

export interface Worked {
  /** Of the program's buffers, at its end. */
  readonly megabytes: number;
  /** From the program's last action to its end. */
  readonly exitMs: number;
  /** What the agent said on stderr. */
  readonly lines: readonly string[];
  readonly result: RunResult;
}

export interface Work {
  readonly env: Readonly<Record<string, string>>;
  /** The program has something to do until this resolves. */
  until(running: RunningNode): Promise<unknown>;
  /** It is as old as it is: nothing is sent for 10 s. */
  readonly isYoung?: boolean;
  readonly shellBefore?: string;
  /** One of test/fixtures/apps/otlp. */
  readonly program?: string;
}

/** Fails unless the program ends well and says on stdout what it says without the agent: one line. */
export async function work({ env, until, isYoung = false, program = 'works.cjs', ...how }: Work): Promise<Worked> {
  const running = startNode({
    ...how,
    preload: 'none',
    args: [...(isYoung ? [] : ['-r', join(APPS, 'old.cjs')]), '-r', AGENT, join(APPS, program)],
    env: { PLIMSOLL_MODE: 'observe', ...env },
    timeoutMs: 30_000,
  });
  let exitedMs = Number.NaN;
  running.child.once('exit', () => (exitedMs = Date.now()));
  await Promise.race([until(running), running.ended]);
  running.child.stdin.end();
  const result = await running.ended;
  const { report, stdout, stderr } = result;
  assert.deepEqual([result.code, result.signal], [0, null], report);
  assert.equal(stdout.split('\n').length, 2, report);
  const { megabytes, endMs } = JSON.parse(stdout) as { megabytes: number; endMs: number };
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { megabytes, exitMs: exitedMs - endMs, lines, result };
}

/** File descriptors that it has open. */
export function descriptorsOf({ child }: RunningNode): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}
