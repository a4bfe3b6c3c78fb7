/** A client of the queue: offers jobs at a pace of its own, and those that were refused again after the time it was told. */
import { Agent, request } from 'node:http';

const SLOT_MS = 10;
/** Nobody waits longer, whatever Retry-After says. */
const LONGEST_WAIT_MS = 1_000;

interface Offer {
  readonly port: number;
  readonly jobs: number;
  readonly perSecond: number;
}

/** Answers what ends it. */
export function offerJobs({ port, jobs, perSecond }: Offer): () => void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const waiting = new Set<NodeJS.Timeout>();
  const startedMs = performance.now();
  let offered = 0;
  let isOver = false;

  function again(afterMs: number): void {
    if (isOver) return;
    const timer = setTimeout(() => {
      waiting.delete(timer);
      post();
    }, afterMs);
    waiting.add(timer);
  }

  function post(): void {
    request({ host: '127.0.0.1', port, path: '/jobs', method: 'POST', agent }, (response) => {
      response.resume();
      if (response.statusCode === 202) return;
      again(Math.min(Number(response.headers['retry-after'] ?? 1) * 1_000, LONGEST_WAIT_MS));
    })
      .on('error', () => again(LONGEST_WAIT_MS)) // the service has ended, or is being killed
      .end();
  }

  const slots = setInterval(() => {
    const due = Math.min(jobs, ((performance.now() - startedMs) / 1_000) * perSecond);
    for (; offered < due; offered++) post();
  }, SLOT_MS);
  return () => {
    isOver = true;
    clearInterval(slots);
    for (const timer of waiting) clearTimeout(timer);
    agent.destroy();
  };
}
