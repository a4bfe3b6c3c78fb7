/** Claims about times, and about the truth of what is sampled. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { startNode } from '../../helpers/run-node.ts';
import { quantile } from '../overhead/report.ts';
import type { Claim } from './claim.ts';
import { lastTold, run } from './run.ts';

interface Evicted {
  readonly decisionMs: number;
  readonly evictionMs: number;
  readonly wholeMs: number;
  readonly evicted: number;
  readonly outcome: { readonly collectionMs: number; readonly freedBytes: number };
}

export async function timeClaims(isShort: boolean): Promise<readonly Claim[]> {
  const given = { entries: 2_000, valueBytes: 50_000, rounds: isShort ? 3 : 10 };
  const { told, result } = await run<Evicted>({ program: 'eviction', given, isGuarded: true });
  const rounds = told.filter(({ evicted }) => evicted > 0);
  if (rounds.length === 0) throw new Error(result.report);
  const worst = (of: (one: Evicted) => number): number => Math.max(...rounds.map(of));
  const collections = worst(({ outcome }) => outcome.collectionMs).toFixed(0);
  const freed = (worst(({ outcome }) => outcome.freedBytes) / 1e6).toFixed(0);
  const { requestMs } = lastTold(
    await run<{ requestMs: readonly number[] }>({ program: 'cached', given: { requests: 4_000 }, isGuarded: true }),
  );
  const time = { before: '–', unit: 'ms', is: 'at most' } as const;
  return [
    {
      ...time,
      what: 'eviction, decision',
      after: 'worst',
      measured: worst(({ decisionMs }) => decisionMs),
      wanted: 5,
      note: 'from monitor.reclaim() to the first entry evicted',
    },
    {
      ...time,
      what: 'eviction of half of 100 MB',
      after: 'worst',
      measured: worst(({ evictionMs }) => evictionMs),
      wanted: 100,
      note: `first to last entry; whole reclaim ${worst(({ wholeMs }) => wholeMs).toFixed(0)} ms, ${collections} of it collections; ${freed} MB freed`,
    },
    {
      ...time,
      what: 'a cached request',
      after: 'median',
      measured: quantile(requestMs, 0.5),
      wanted: 1,
      note: `over HTTP; p99 ${quantile(requestMs, 0.99).toFixed(2)} ms`,
    },
  ];
}

const PYTHON = '/usr/bin/python3';
const READ = `
import json, psutil, sys
memory = psutil.Process(int(sys.argv[1])).memory_info()
print(json.dumps({ 'processRssBytes': memory.rss, 'processVirtualBytes': memory.vms }))
`;

interface Figures {
  readonly processRssBytes: number;
  readonly processVirtualBytes: number;
}

/** Undefined: there is no psutil here. */
export async function samplingClaim(): Promise<Claim | undefined> {
  if (spawnSync(PYTHON, ['-c', 'import psutil']).status !== 0) return undefined;
  const running = startNode({
    args: [fileURLToPath(new URL('programs/sampled.mjs', import.meta.url)), JSON.stringify({ ballastBytes: 200e6 })],
    timeoutMs: 60_000,
  });
  await running.until(/ready/);
  const theirs = JSON.parse(spawnSync(PYTHON, ['-c', READ, String(running.child.pid)]).stdout.toString()) as Figures;
  running.child.stdin.write('now\n');
  const [line] = await running.until(/\{"processRssBytes.*\}/);
  const ours = JSON.parse(line) as Figures;
  running.child.stdin.end();
  await running.ended;
  const offBy = (name: keyof Figures): number => Math.abs(ours[name] / theirs[name] - 1) * 100;
  return {
    what: 'sampling beside psutil',
    before: `${theirs.processRssBytes} B`,
    after: `${ours.processRssBytes} B`,
    measured: Math.max(offBy('processRssBytes'), offBy('processVirtualBytes')),
    wanted: 1,
    unit: '%',
    is: 'at most',
    note: 'RSS and virtual memory of an idle process, the larger difference; every figure: test/instrumentation/sources/accuracy.test.ts',
  };
}
