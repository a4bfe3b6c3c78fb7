import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { openHeldFile, unavailableCode } from '../../../instrumentation/sources/held-file.ts';
import { onWindows, unlessLinux } from '../../helpers/platform.ts';

const folder = mkdtempSync(join(tmpdir(), 'held-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function content(file: ReturnType<typeof openHeldFile>): string {
  const length = file.read();
  return length < 0 ? `error ${file.error}` : new TextDecoder().decode(file.bytes.subarray(0, length));
}

test('gives the present content at every read, also when it got shorter', () => {
  const path = join(folder, 'changing');
  writeFileSync(path, 'long content\n');
  const file = openHeldFile(path);
  assert.equal(content(file), 'long content\n');
  writeFileSync(path, 'short\n');
  assert.equal(content(file), 'short\n');
  writeFileSync(path, '');
  assert.equal(content(file), '');
  file.close();
});

test('reads a file longer than its buffer whole, and exactly as long', () => {
  for (const length of [4095, 4096, 4097, 100_000]) {
    const path = join(folder, `long-${length}`);
    writeFileSync(path, 'x'.repeat(length - 1) + '\n');
    const file = openHeldFile(path);
    assert.equal(file.read(), length);
    assert.equal(file.read(), length);
    assert.equal(file.bytes[length - 1], 0x0a);
    file.close();
  }
});

test('finds a file that appears after the first reads, without trying at each of them', () => {
  const path = join(folder, 'later');
  const file = openHeldFile(path);
  assert.equal(content(file), 'error ENOENT');
  writeFileSync(path, '7\n');
  let reads = 1;
  while (file.read() < 0 && reads < 1000) reads += 1;
  assert.equal(reads, 31);
  assert.equal(content(file), '7\n');
  file.close();
});

test('says why a file cannot be read', { skip: onWindows('EISDIR') }, () => {
  const path = join(folder, 'a-folder');
  mkdirSync(path);
  const file = openHeldFile(path);
  assert.equal(content(file), 'error EISDIR');
  assert.equal(unavailableCode(file.error), 'unsupported');
  file.close();
});

test('says that a file is denied', { skip: onWindows('file modes') }, () => {
  const path = join(folder, 'denied');
  writeFileSync(path, '1\n');
  chmodSync(path, 0o000);
  const file = openHeldFile(path);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  const seen = content(file);
  if (isRoot) process.seteuid?.(0);
  assert.equal(seen, 'error EACCES');
  assert.equal(unavailableCode(file.error), 'denied');
  file.close();
});

test('maps the errors of cgroup, PSI and /proc files to codes', () => {
  assert.deepEqual(['ENOENT', 'ENODEV', 'EACCES', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', undefined].map(unavailableCode), [
    'missing',
    'missing',
    'denied',
    'denied',
    'unsupported',
    'unsupported',
    'malformed',
  ]);
});

test('opens its path again at once when the held file is gone', { skip: unlessLinux('/proc') }, async () => {
  // A kernel file whose object went away fails on the held descriptor (ESRCH here, ENODEV for a removed cgroup).
  const link = join(folder, 'link');
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  symlinkSync(`/proc/${child.pid}/stat`, link);
  const file = openHeldFile(link);
  assert.match(content(file), new RegExp(`^${child.pid} `));
  child.stdin.end();
  await once(child, 'close');
  rmSync(link);
  symlinkSync('/proc/self/stat', link);
  assert.match(content(file), new RegExp(`^${process.pid} `));
  file.close();
});

test('reads nothing and says EBADF once closed', () => {
  const path = join(folder, 'closed');
  writeFileSync(path, '1\n');
  const file = openHeldFile(path);
  file.read();
  file.close();
  file.close();
  assert.equal(file.read(), -1);
  assert.equal(file.read(), -1);
  assert.equal(file.error, 'EBADF');
});
