/**
 * A real process inside a real memory group: does what its stdin says, one command a line, and answers each with one line
 * of JSON. `cgroup-story.ts` drives it.
 *
 *   read              what the cgroup source reads now; infinite and missing numbers as strings
 *   hold BYTES        keeps that much touched memory
 *   write PATH BYTES  fills the page cache by writing a file
 *   load DIR BYTES    fills the page cache by reading files below a folder
 */
import { openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { COL, createRow } from '../../agent/model/row.ts';
import { createCgroupSource } from '../../instrumentation/sources/cgroup.ts';
import { nodeRuntime } from '../../instrumentation/sources/runtime.ts';
import { toJson } from './cgroup-json.ts';

const source = createCgroupSource({
  root: '',
  platform: process.platform,
  runtime: nodeRuntime,
  execArgv: [],
  nodeOptions: '',
  processBudgetBytes: undefined,
  monotonicMs: () => performance.now(),
  requestSample() {},
});
const held: Buffer[] = [];
const chunk = Buffer.alloc(1 << 20, 1);

function read(): unknown {
  // garbage is no part of what was asked to be held
  globalThis.gc?.();
  const row = createRow();
  source.read(row);
  const columns = source.readings.map((reading) => [reading, row[COL[reading]]]);
  return { columns: Object.fromEntries(columns), facts: source.facts(), gaps: source.unavailable() };
}

function write(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  for (let written = 0; written < bytes; written += chunk.length) writeSync(file, chunk);
}

/** Returns how many bytes are still wanted. */
function load(directory: string, wantedBytes: number): number {
  let wanted = wantedBytes;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (wanted <= 0) break;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) wanted = load(path, wanted);
    // Many small files are slow over 9p, and their inodes are kernel memory.
    if (!entry.isFile() || statSync(path).size < chunk.length) continue;
    const file = openSync(path, 'r');
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) wanted -= got;
  }
  return wanted;
}

function obey(line: string): unknown {
  const [command, first = '', second = ''] = line.split(' ');
  if (command === 'read') return read();
  if (command === 'hold') return held.push(Buffer.alloc(Number(first), 1));
  if (command === 'write') return write(first, Number(second)) ?? true;
  if (command === 'load') return load(first, Number(second));
  throw new Error(`unknown command ${line}`);
}

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${toJson(obey(line))}\n`);
}
