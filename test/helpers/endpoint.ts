/** What a metrics endpoint tells, by process. */
import { setTimeout as delay } from 'node:timers/promises';

import { ask } from './http-client.ts';
import { parsePrometheus, seriesKey, type Sample } from './prometheus-text.ts';

export interface Scrape {
  readonly durationMs: number;
  /** Slots, in the order of the text. */
  readonly processes: readonly string[];
  readonly samples: readonly Sample[];
  /** Every series once more as Prometheus would key it. */
  readonly keys: readonly string[];
  valueOf(metric: string, process: string): number | undefined;
  infoOf(process: string): Readonly<Record<string, string>>;
}

const PROCESS = 'plimsoll_process';
const INFO = 'plimsoll_agent_info';

export async function scrape(port: number): Promise<Scrape> {
  const startedMs = performance.now();
  const { body } = await ask({ port, path: '/metrics' });
  const samples = parsePrometheus(body.toString()).flatMap((family) => family.samples);
  const find = (metric: string, process: string): Sample | undefined =>
    samples.find(({ name, labels }) => name === metric && labels[PROCESS] === process);
  return {
    durationMs: performance.now() - startedMs,
    processes: samples.filter(({ name }) => name === INFO).map(({ labels }) => labels[PROCESS] ?? ''),
    samples,
    keys: samples.map(({ name, labels }) => seriesKey(name, labels)),
    valueOf: (metric, process) => find(metric, process)?.value,
    infoOf: (process) => find(INFO, process)?.labels ?? {},
  };
}

/** Asks until the answer is as expected; the last one, however it is, after 15 s. */
export async function scrapeUntil(port: number, expected: (found: Scrape) => boolean): Promise<Scrape> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const found = await scrape(port).catch((error: unknown) => {
      if (performance.now() > deadlineMs) throw error;
      return undefined; // nobody listens at this moment
    });
    if (found !== undefined && (expected(found) || performance.now() > deadlineMs)) return found;
    await delay(30);
  }
}

export async function untilProcesses(port: number, processes: readonly string[]): Promise<Scrape> {
  return await scrapeUntil(port, (found) => found.processes.join() === processes.join());
}
