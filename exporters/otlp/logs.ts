import type { AgentEvent } from '../../agent/model/event.ts';
import type { ExporterParts } from '../../agent/model/exporter.ts';
import { recordOf, type EventRecord } from '../log-record.ts';
import type { LogsRequest } from './encoding.ts';
import { hrTime } from './hr-time.ts';
import { resourceOf, scopeOf } from './resource.ts';

/** Events that wait to be sent as log records. */
export interface EventQueue {
  add(event: AgentEvent, wallMs: number): void;
  /** All that waits; undefined: nothing. */
  request(): LogsRequest | undefined;
  /** What was asked for last needs no further sending. */
  drop(): void;
}

/** An event has 1 kB, and the agent says few: this is a bad day without a collector. */
const MAX_WAITING = 256;

export interface EventQueueParts extends Pick<ExporterParts, 'snapshot' | 'describe'> {
  readonly clock: Pick<ExporterParts['clock'], 'wallMs'>;
}

export function createEventQueue({ snapshot, describe, clock }: EventQueueParts): EventQueue {
  let waiting: { readonly record: EventRecord; readonly wallMs: number }[] = [];
  let asked = 0;
  let lost = 0;

  function push(record: EventRecord, wallMs: number): void {
    waiting.push({ record, wallMs });
    if (waiting.length <= MAX_WAITING) return;
    waiting.shift();
    lost += 1;
    asked = Math.max(0, asked - 1);
  }

  /** So that a gap is seen where it is. */
  function tellLost(): void {
    if (lost === 0) return;
    const degradation = {
      reason: 'otlp_events_lost',
      detail: `${lost} events were dropped while the OTLP endpoint did not take them`,
      repair: 'see PLM_OTLP_FAILED',
    };
    lost = 0;
    const event = { name: 'plimsoll.agent.degraded', degradation } as const;
    waiting.unshift({ record: recordOf(event, snapshot().identity.process, describe), wallMs: clock.wallMs() });
  }

  return {
    add: (event, wallMs) => push(recordOf(event, snapshot().identity.process, describe), wallMs),
    request() {
      tellLost();
      asked = waiting.length;
      if (asked === 0) return undefined;
      const { identity } = snapshot();
      const resource = resourceOf(identity);
      const instrumentationScope = scopeOf(identity);
      return waiting.map(({ record, wallMs }) => ({
        ...record,
        hrTime: hrTime(wallMs),
        hrTimeObserved: hrTime(wallMs),
        resource,
        instrumentationScope,
        droppedAttributesCount: 0,
      }));
    },
    drop() {
      waiting = waiting.slice(asked);
      asked = 0;
    },
  };
}
