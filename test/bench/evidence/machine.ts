/** Runs the deaths of cgroup v2 in a virtual machine, one boot for all: scripts/cgroup2-vm. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Case } from './scene.ts';

const RUN = fileURLToPath(new URL('../../../scripts/cgroup2-vm/run.sh', import.meta.url));
const INSIDE = fileURLToPath(new URL('inside-v2.ts', import.meta.url));
/** Of run.sh: the machine cannot be started here. */
const UNUSABLE = 125;

export interface MachineOptions {
  readonly isShort: boolean;
  onCase(one: Case): void;
  onFault(what: string): void;
}

/** Answers why there was no machine, when there was none. */
export async function dieInMachine({ isShort, onCase, onFault }: MachineOptions): Promise<string | undefined> {
  const args = [process.execPath, ...process.execArgv, INSIDE, ...(isShort ? ['--short'] : [])];
  const machine = spawn(RUN, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, VM_TIMEOUT: isShort ? '120' : '1800', VM_MEMORY: '2048' },
  });
  let said = '';
  machine.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(machine, 'close') as Promise<[number | null]>;
  for await (const line of createInterface(machine.stdout)) {
    const [, kind, json = ''] = /^(CASE|FAULT) (.*)$/.exec(line) ?? [];
    if (kind === 'CASE') onCase(JSON.parse(json) as Case);
    else if (kind === 'FAULT') onFault(JSON.parse(json) as string);
    else said += `${line}\n`;
  }
  const [code] = await ended;
  if (code === UNUSABLE) return said.trim();
  if (code !== 0) onFault(`the machine ended with ${code}\n${said}`);
  return undefined;
}
