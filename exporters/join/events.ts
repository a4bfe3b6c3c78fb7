import type { LoggerProvider } from '@opentelemetry/api';

import { VERSION } from '../../agent/model/version.ts';
import type { EventRecord } from '../log-record.ts';
import { SCOPE } from './metrics.ts';
import { findLoggerProvider } from './registered.ts';

/** Emits it through the application's LoggerProvider. false: there is none. */
export function emitEvent(record: EventRecord, wallMs: number): boolean {
  const found = findLoggerProvider();
  if (found === undefined) return false;
  const { attributes, ...rest } = record;
  const seconds = Math.floor(wallMs / 1000);
  (found.provider as LoggerProvider).getLogger(SCOPE, VERSION).emit({
    ...rest,
    // a mere number would be taken for one of performance.now() when it is small
    timestamp: [seconds, Math.round((wallMs - seconds * 1000) * 1e6)],
    attributes: found.hasEventNames ? attributes : { ...attributes, 'event.name': record.eventName },
  });
  return true;
}
