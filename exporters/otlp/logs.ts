import type { AgentEvent } from '../../agent/model/event.ts';
import type { ExporterParts } from '../../agent/model/exporter.ts';
import type { Identity } from '../../agent/model/snapshot.ts';
import { recordOf, type EventRecord } from '../log-record.ts';
import type { LogsRequest } from './encoding.ts';
import { hrTime } from './hr-time.ts';
import { resourceOf, scopeOf } from './resource.ts';

/** Events that wait to be sent as log records. */
export interface RecordQueue {
  /** `of`: who it is about; default whoever sends. */
  add(record: EventRecord, wallMs: number, of?: Identity): void;
  /** All that waits; undefined: nothing. */
  request(): LogsRequest | undefined;
  /** What was asked for last needs no further sending. */
  drop(): void;
}

/** An event has 1 kB, and the agent says few: this is a bad day without a collector. */
const MAX_WAITING = 256;

export interface EventQueue extends Pick<RecordQueue, 'request' | 'drop'> {
  add(event: AgentEvent, wallMs: number): void;
}

export interface EventQueueParts extends Pick<ExporterParts, 'snapshot' | 'describe'> {
  readonly clock: Pick<ExporterParts['clock'], 'wallMs'>;
}

/** Of the process itself. */
export function createEventQueue({ snapshot, describe, clock }: EventQueueParts): EventQueue {
  const queue = createRecordQueue(() => snapshot().identity, clock);
  return {
    ...queue,
    add: (event, wallMs) => queue.add(recordOf(event, snapshot().identity.process, describe), wallMs),
  };
}

interface Waiting {
  readonly record: EventRecord;
  readonly wallMs: number;
  readonly of: Identity | undefined;
}

/** `sender`: who sends, and tells what was lost. */
export function createRecordQueue(sender: () => Identity, clock: EventQueueParts['clock']): RecordQueue {
  let waiting: Waiting[] = [];
  let asked = 0;
  let lost = 0;

  function add(record: EventRecord, wallMs: number, of?: Identity): void {
    waiting.push({ record, wallMs, of });
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
    const record = recordOf(event, sender().process, () => '');
    waiting.unshift({ record, wallMs: clock.wallMs(), of: undefined });
  }

  return {
    add,
    request() {
      tellLost();
      asked = waiting.length;
      if (asked === 0) return undefined;
      const own = sender();
      // the serializers group by object
      const origins = new Map<string, Origin>();
      return waiting.map(({ record, wallMs, of = own }) => {
        const origin = origins.get(of.serviceInstanceId) ?? originOf(of);
        origins.set(of.serviceInstanceId, origin);
        return {
          ...record,
          ...origin,
          hrTime: hrTime(wallMs),
          hrTimeObserved: hrTime(wallMs),
          droppedAttributesCount: 0,
        };
      });
    },
    drop() {
      waiting = waiting.slice(asked);
      asked = 0;
    },
  };
}

type Origin = Pick<LogsRequest[number], 'resource' | 'instrumentationScope'>;

function originOf(identity: Identity): Origin {
  return { resource: resourceOf(identity), instrumentationScope: scopeOf(identity) };
}
