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
  return names;
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
