/**
 * What the application registered with `@opentelemetry/api`, read from where every 1.x version of that package keeps it. The package
 * itself is never used: its copy in an agent would see nothing of an application that has an older one, and by registering anything,
 * be it a logger for diagnostics, it would take the application's own telemetry away.
 * https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
import type { MeterProvider } from '@opentelemetry/api';

import { hasMethod, isEmptyArray, read } from './foreign.ts';

const API = Symbol.for('opentelemetry.js.api.1');
/** Of `@opentelemetry/api-logs`, which became a part of the API in 1.10: a function of its version that answers the provider. */
const LOGS_API = Symbol.for('io.opentelemetry.js.api.logs');
const LOGS_API_VERSION = 1;

/** The registered MeterProvider, unless nothing would come of what is observed: it was shut down, or it has no reader. */
export function findMeterProvider(): MeterProvider | undefined {
  const provider = read(apiGlobal(), 'metrics');
  if (!hasMethod(provider, 'getMeter') || read(provider, '_shutdown') === true) return undefined;
  if (isEmptyArray(read(provider, '_sharedState', 'metricCollectors'))) return undefined;
  return provider as MeterProvider;
}

/** The registered TracerProvider: what stands in the global is the API's proxy for it. */
export function findTracerProvider(): object | undefined {
  const registered = read(apiGlobal(), 'trace');
  if (!hasMethod(registered, 'getTracer')) return undefined;
  if (!hasMethod(registered, 'setDelegate')) return registered;
  const delegate = read(registered, '_delegate');
  return hasMethod(delegate, 'getTracer') ? delegate : undefined;
}

export interface FoundLogs {
  readonly provider: object;
  /** Records of SDK 1.x have no event name. */
  readonly hasEventNames: boolean;
}

export function findLoggerProvider(): FoundLogs | undefined {
  const provider = read(apiGlobal(), 'logs');
  if (emits(provider)) return { provider, hasEventNames: true };
  const getter: unknown = Reflect.get(globalThis, LOGS_API);
  const older: unknown = typeof getter === 'function' ? getter(LOGS_API_VERSION) : undefined;
  return emits(older) ? { provider: older, hasEventNames: false } : undefined;
}

function emits(provider: unknown): provider is object {
  if (!hasMethod(provider, 'getLogger') || read(provider, 'constructor', 'name') === 'NoopLoggerProvider') return false;
  if (read(provider, '_shutdownOnce', 'isCalled') === true) return false;
  const state = read(provider, '_sharedState');
  return !isEmptyArray(read(state, 'processors') ?? read(state, 'registeredLogRecordProcessors'));
}

function apiGlobal(): unknown {
  return Reflect.get(globalThis, API);
}
