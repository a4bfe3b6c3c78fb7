/** Run by source.ts in a Node.js of its own with --expose-gc and a young generation that 1 000 reads do not fill. */
import { getHeapStatistics } from 'node:v8';

import { createRow } from '../../agent/model/row.ts';
import type { Source, SourceFactory } from '../../agent/model/source.ts';
import { createWorld } from './source.ts';

const [, , module = '', factory = '', budget = ''] = process.argv;
const { gc } = globalThis;
if (gc === undefined) throw new Error('run with --expose-gc');
const loaded = (await import(module)) as Record<string, SourceFactory>;
const create = loaded[factory];
if (create === undefined) throw new Error(`${module} exports no ${factory}`);
const source: Source = create(createWorld({ processBudgetBytes: budget === '' ? undefined : Number(budget) }));
const row = createRow();

/** In short turns, so that V8 optimizes the turn itself: what runs in a loop that it only replaced on the fly counts more. */
function read(times: number): void {
  for (let i = 0; i < times / 10; i += 1) readTen();
}

function readTen(): void {
  for (let i = 0; i < 10; i += 1) {
    source.read(row);
    source.probe?.(row);
  }
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}

read(10_000); // optimized code, feedback and caches come into being
gc();
gc();
const before = usedBytes();
read(1_000);
const garbageBytes = Math.round((usedBytes() - before) / 1_000);
read(9_000);
gc();
gc();
console.log(JSON.stringify({ garbageBytes, retainedBytes: usedBytes() - before }));
