/**
 * System and process figures beside psutil's (Debian's python3-psutil), within one percent. The sources are read just
 * before and just after psutil, so that a figure that moves meanwhile is no difference.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { COL, createRow, type ColumnName } from '../../../agent/model/row.ts';
import { createHostSource } from '../../../instrumentation/sources/host.ts';
import { createProcessSource } from '../../../instrumentation/sources/process.ts';
import { createWorld } from '../../contracts/source.ts';
import { unlessLinux } from '../../helpers/platform.ts';

const PYTHON = '/usr/bin/python3';

function whyNoPsutil(): string | false {
  if (process.platform !== 'linux') return unlessLinux('virtual memory and swap figures');
  const { status, error } = spawnSync(PYTHON, ['-c', 'import psutil']);
  if (error !== undefined) return `no ${PYTHON}`;
  return status === 0 ? false : 'python3-psutil is not installed';
}

/** For each line on stdin, what psutil reads: one line of JSON with our names. */
const READ = `
import json, psutil, sys
process = psutil.Process(int(sys.argv[1]))
for _ in sys.stdin:
    memory, host, swap = process.memory_info(), psutil.virtual_memory(), psutil.swap_memory()
    print(json.dumps({
        'processRssBytes': memory.rss, 'processVirtualBytes': memory.vms,
        'hostTotalBytes': host.total, 'hostAvailableBytes': host.available,
        'hostSwapTotalBytes': swap.total, 'hostSwapFreeBytes': swap.free,
    }), flush=True)
`;

type Figures = Readonly<Record<string, number>>;

test('system and process figures are within 1 % of psutil', { skip: whyNoPsutil() }, async (t) => {
  const world = createWorld();
  const sources = [createProcessSource(world), createHostSource(world)];
  const psutil = spawn(PYTHON, ['-c', READ, String(process.pid)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => psutil.kill());
  const lines = createInterface({ input: psutil.stdout });
  const before = createRow();
  const after = createRow();

  async function psutilReads(): Promise<Figures> {
    psutil.stdin.write('\n');
    const [line] = (await once(lines, 'line')) as [string];
    return JSON.parse(line) as Figures;
  }

  await psutilReads(); // its start is over, and its own memory taken
  const ballast = Buffer.alloc(100 * 2 ** 20, 1);
  for (let round = 0; round < 5; round += 1) {
    for (const source of sources) source.read(before);
    const theirs = await psutilReads();
    for (const source of sources) source.read(after);
    for (const [name, value] of Object.entries(theirs)) {
      const ours = [before, after].map((row) => row[COL[name as ColumnName]] ?? Number.NaN);
      const message = `${name}: ${ours.join(' … ')}, psutil ${value}`;
      assert.ok(Math.min(...ours) <= 1.01 * value && Math.max(...ours) >= 0.99 * value, message);
    }
  }
  assert.ok((after[COL.processRssBytes] ?? 0) > ballast.length);
  for (const source of sources) source.close();
});
