import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';

import type { Identity } from '../../agent/model/snapshot.ts';

export type Resource = ResourceMetrics['resource'];

export function scopeOf({ agentVersion }: Identity): { readonly name: string; readonly version: string } {
  return { name: 'plimsoll', version: agentVersion };
}

/**
 * Who the data is about: https://opentelemetry.io/docs/specs/semconv/resource/. What the user says comes first. Never the command line, which may
 * hold secrets, and no pid, which is 1 in every container.
 */
export function resourceOf({
  serviceName,
  serviceInstanceId,
  agentVersion,
  nodeVersion,
  resource,
}: Identity): Resource {
  const attributes = {
    'process.runtime.name': 'nodejs',
    'process.runtime.version': nodeVersion,
    'telemetry.distro.name': 'plimsoll',
    'telemetry.distro.version': agentVersion,
    ...resource,
    'service.name': serviceName,
    'service.instance.id': serviceInstanceId,
  };
  const plain: Resource = { attributes, merge: () => plain, getRawAttributes: () => Object.entries(attributes) };
  return plain;
}
