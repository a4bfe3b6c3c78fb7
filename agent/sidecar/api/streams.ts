/**
 * `events`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). What is told is made once and written to all. Whoever
 * does not read is dropped, so that memory does not depend on the other side.
 */
import type { ServerResponse } from 'node:http';

import type { Clock } from '../../sample/clock.ts';
import type { Fleet, FleetChange, Member } from '../fleet.ts';
import { pointsOf } from './point.ts';
import { memoryStatus } from './process.ts';
import { Refusal } from './refusal.ts';
import type { ApiStream } from './types.ts';

const MOST_STREAMS = 64;
const MOST_WAITING_BYTES = 256 * 1024;
const SAMPLES_EACH_MS = 1000;
/** Several processes that begin or end together are one status. */
const STATUS_AFTER_MS = 100;
/** Proxies cut what is silent for a minute, some after 30 s. */
const HEARTBEAT_EACH_MS = 15_000;

export interface Streams {
  attach(response: ServerResponse): void;
  stop(): void;
}

export function createStreams(fleet: Fleet, clock: Clock): Streams {
  const open = new Set<ServerResponse>();
  const sampled = new Set<Member>();
  let status: { readonly atMs: number; readonly bytes: Buffer } | undefined;
  let cancelStatus: (() => void) | undefined;
  let toldMs = clock.monotonicMs();

  const tick = clock.createRepeatedTimer(() => {
    tellSamples();
    if (clock.monotonicMs() - toldMs >= HEARTBEAT_EACH_MS) tell(Buffer.from(': still here\n\n'));
    if (open.size > 0) tick.set(SAMPLES_EACH_MS);
  });
  const unsubscribe = fleet.subscribe(onChange);

  function onChange(change: FleetChange): void {
    if (open.size === 0) return;
    switch (change.kind) {
      case 'sample':
        sampled.add(change.member);
        break;
      case 'event':
        tell(message('event', { ...change.event, instance: change.member.instanceId }));
        break;
      case 'postmortem':
        tell(message('postmortem', change.postmortem));
        tellStatusSoon();
        break;
      case 'appeared':
      case 'ended':
      case 'blocked':
      case 'unblocked':
      default:
        tellStatusSoon();
    }
  }

  function tellSamples(): void {
    const points = [...sampled].flatMap((member) => {
      const row = member.snapshot()?.row;
      return row === undefined ? [] : [pointsOf(member)(row)];
    });
    sampled.clear();
    if (points.length > 0) tell(message('samples', points));
  }

  function tellStatusSoon(): void {
    cancelStatus ??= clock.setTimer(() => {
      cancelStatus = undefined;
      status = undefined;
      tell(statusNow());
    }, STATUS_AFTER_MS);
  }

  /** Sixty-four pages that open together get the same bytes. */
  function statusNow(): Buffer {
    const atMs = clock.monotonicMs();
    if (status === undefined || atMs - status.atMs > SAMPLES_EACH_MS) {
      status = { atMs, bytes: message('status', memoryStatus(fleet, clock.wallMs())) };
    }
    return status.bytes;
  }

  function tell(bytes: Buffer): void {
    toldMs = clock.monotonicMs();
    for (const response of open) {
      if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
      else response.write(bytes);
    }
  }

  return {
    attach(response) {
      if (response.destroyed) return; // gone meanwhile: it closes no second time
      if (open.size >= MOST_STREAMS) throw full();
      if (open.size === 0) tick.set(SAMPLES_EACH_MS);
      open.add(response);
      response.once('close', () => {
        open.delete(response);
        if (open.size > 0) return;
        tick.cancel();
        sampled.clear();
      });
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.write(statusNow());
    },
    stop() {
      unsubscribe();
      tick.cancel();
      cancelStatus?.();
      for (const response of open) response.end();
    },
  };
}

function message<K extends keyof ApiStream>(event: K, data: ApiStream[K]): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function full(): Refusal {
  const why = `${MOST_STREAMS} streams are open, which is as many as there can be`;
  return new Refusal(503, 'PLM_API_BUSY', `${why}. Try again when one has ended.`, { 'retry-after': '10' });
}
