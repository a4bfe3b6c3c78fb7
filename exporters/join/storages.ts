/**
 * Where the SDK's MeterProvider keeps its instruments, in 1.x, 2.x and 3.x alike:
 * `_sharedState.meterSharedStates`: Map of meter → `metricStorageRegistry` → Maps of instrument name → storages.
 * https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/sdk-metrics/src/state/MetricStorageRegistry.ts
 */
import { read, valuesOf } from './foreign.ts';

/** Names of the instruments that other scopes than ours have; empty when the provider keeps them elsewhere. */
export function namesOfOthers(provider: object, ownScope: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const meter of metersOf(provider)) {
    if (scopeNameOf(meter) === ownScope) continue;
    for (const storages of storageMapsOf(meter)) for (const name of storages.keys()) names.add(name);
  }
  addNamesOfDatadog(provider, names);
  return names;
}

/**
 * dd-trace has a MeterProvider of its own, which shows instruments with a callback of their own only; those that it reads in batches are
 * known by one that is created beside them:
 * https://github.com/DataDog/dd-trace-js/blob/master/packages/dd-trace/src/runtime_metrics/otlp_runtime_metrics.js
 */
const DATADOG_BATCHES: Readonly<Record<string, readonly string[]>> = {
  'v8js.resource.active': [
    'v8js.memory.heap.used',
    'v8js.memory.heap.space.size',
    'v8js.memory.heap.space.available_size',
    'v8js.memory.heap.space.physical_size',
  ],
  'nodejs.eventloop.time': ['max', 'mean', 'p50', 'p90', 'p99'].map((what) => `nodejs.eventloop.delay.${what}`),
};

function addNamesOfDatadog(provider: object, names: Set<string>): void {
  const instruments = read(provider, 'reader', 'observableInstruments');
  if (!(instruments instanceof Set)) return;
  for (const instrument of instruments) {
    const name = String(read(instrument, 'name'));
    names.add(name);
    for (const other of DATADOG_BATCHES[name] ?? []) names.add(other);
  }
}

/**
 * Takes instruments of ours out, with all that they reported: under cumulative temporality the SDK would go on to export their last
 * values for as long as the process lives.
 */
export function forget(provider: object, ownScope: string, isLeaving: (name: string) => boolean): void {
  for (const meter of metersOf(provider)) {
    if (scopeNameOf(meter) !== ownScope) continue;
    for (const storages of storageMapsOf(meter)) {
      for (const name of storages.keys()) if (isLeaving(name)) storages.delete(name);
    }
  }
}

function metersOf(provider: object): Iterable<unknown> {
  return valuesOf(read(provider, '_sharedState', 'meterSharedStates'));
}

function scopeNameOf(meter: unknown): unknown {
  return read(meter, '_instrumentationScope', 'name');
}

/** One that all readers share, for instruments with a view, and one of each reader. */
function storageMapsOf(meter: unknown): Map<string, unknown>[] {
  const registry = read(meter, 'metricStorageRegistry');
  const maps = [read(registry, '_sharedRegistry'), ...valuesOf(read(registry, '_perCollectorRegistry'))];
  return maps.filter((map): map is Map<string, unknown> => map instanceof Map);
}
