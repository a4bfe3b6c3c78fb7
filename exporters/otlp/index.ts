import type { Exporter, ExporterParts } from '../../agent/model/exporter.ts';

/** OTLP over HTTP. */
export function createOtlpExporter(_parts: ExporterParts): Exporter {
  return { start: async () => undefined, close: async () => undefined };
}
