/**
 * Puts a process under a memory limit with what this machine allows: cgroup v2, cgroup v1, systemd-run; else the
 * agent's own process budget, which kills nobody.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Limit {
  /** For people. */
  readonly how: string;
  /** Goes before the command. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** A group that is still busy is not in the way of the next. */
let made = 0;

export function setLimit(bytes: number): Limit {
  made += 1;
  return cgroupV2(bytes) ?? cgroupV1(bytes) ?? systemdRun(bytes) ?? processBudget(bytes);
}

/** `sh` moves itself into the group and becomes the command. */
function inGroup(how: string, group: string): Limit {
  return {
    how: `${how} at ${group}`,
    prefix: ['/bin/sh', '-c', `echo $$ > '${group}/cgroup.procs' && exec "$@"`, 'sh'],
    env: {},
    remove() {
      try {
        rmdirSync(group);
      } catch {
        // still busy for a moment after the last process went: an empty group costs nothing
      }
    },
  };
}

function cgroupV2(bytes: number): Limit | undefined {
  const root = '/sys/fs/cgroup';
  try {
    if (!readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').split(/\s+/).includes('memory')) return undefined;
    const group = join(root, `plimsoll-demo-${process.pid}-${made}`);
    mkdirSync(group);
    writeFileSync(join(group, 'memory.max'), String(bytes));
    if (existsSync(join(group, 'memory.swap.max'))) writeFileSync(join(group, 'memory.swap.max'), '0');
    return inGroup('cgroup v2 limit', group);
  } catch {
    return undefined;
  }
}

function cgroupV1(bytes: number): Limit | undefined {
  const root = '/sys/fs/cgroup/memory';
  if (!existsSync(join(root, 'memory.limit_in_bytes'))) return undefined;
  try {
    const group = join(root, `plimsoll-demo-${process.pid}-${made}`);
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(bytes));
    return inGroup('cgroup v1 limit', group);
  } catch {
    return undefined;
  }
}

function systemdRun(bytes: number): Limit | undefined {
  const prefix = ['systemd-run', '--user', '--scope', '--quiet', '-p', `MemoryMax=${bytes}`, '-p', 'MemorySwapMax=0'];
  try {
    execFileSync('systemd-run', [...prefix.slice(1), 'true'], { stdio: 'ignore', timeout: 5_000 });
    return { how: 'systemd-run MemoryMax', prefix, env: {}, remove: () => undefined };
  } catch {
    return undefined;
  }
}

function processBudget(bytes: number): Limit {
  return {
    how: 'process budget of the agent (no cgroup may be set here)',
    prefix: [],
    env: { PLIMSOLL_PROCESS_BUDGET: `${Math.round(bytes / 2 ** 20)}MiB`, PLIMSOLL_PRESET: 'standard' },
    remove: () => undefined,
  };
}
