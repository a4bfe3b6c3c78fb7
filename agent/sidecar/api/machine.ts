/** `admin/memory-stats`: the processes, and the machine as the sidecar sees it. */
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';

import type { Fleet } from '../fleet.ts';
import { numberOf } from './numbers.ts';
import { slotOf } from './point.ts';
import type { ApiAdminMemoryStats } from './types.ts';

export interface Machine {
  memoryStats(fleet: Fleet): Promise<ApiAdminMemoryStats>;
}

/** A shorter time says nothing: the kernel counts in ticks of 10 ms. */
const SHORTEST_MS = 500;

export function createMachine(dataDirectory: string): Machine {
  let before = cpuTimes();
  let cpuPercent: number | null = null;

  /** Busy part since it was asked for last, of all cores. */
  function cpu(): number | null {
    const now = cpuTimes();
    const totalMs = now.totalMs - before.totalMs;
    if (totalMs >= SHORTEST_MS) {
      cpuPercent = percent((totalMs - (now.idleMs - before.idleMs)) / totalMs);
      before = now;
    }
    return cpuPercent;
  }

  async function disk(): Promise<number | null> {
    const stats = await statfs(dataDirectory).catch(() => undefined);
    if (stats === undefined || stats.blocks === 0) return null;
    const used = stats.blocks - stats.bfree;
    return percent(used / (used + stats.bavail));
  }

  return {
    async memoryStats(fleet) {
      const total = totalmem();
      const processes = fleet.members().flatMap((member) => {
        const row = member.state() === 'ended' ? undefined : member.snapshot()?.row;
        if (row === undefined) return [];
        const rss = numberOf(row, 'processRssBytes');
        return [
          {
            instance: member.instanceId,
            process: slotOf(member),
            rss,
            virtual: numberOf(row, 'processVirtualBytes'),
            percent: rss === null ? null : percent(rss / total),
          },
        ];
      });
      return { processes, available: freemem(), total, cpu_percent: cpu(), disk_percent: await disk() };
    },
  };
}

function cpuTimes(): { readonly totalMs: number; readonly idleMs: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (of: (time: (typeof times)[number]) => number): number =>
    times.reduce((total, time) => total + of(time), 0);
  const idleMs = sum(({ idle }) => idle);
  return { idleMs, totalMs: idleMs + sum(({ user, nice, sys, irq }) => user + nice + sys + irq) };
}

function percent(ratio: number): number {
  return Math.round(ratio * 1000) / 10;
}
