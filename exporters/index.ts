import type { Exporter, ExporterKind, ExporterParts } from '../agent/model/exporter.ts';
import { createPrometheusServer } from './prometheus-server.ts';

/** Every way out of the process that needs nothing of the application, by the name that `PLIMSOLL_EXPORTER` gives it. */
export const exporters: Readonly<Record<Exclude<ExporterKind, 'join' | 'none' | 'sidecar'>, ExporterFactory>> = {
  prometheus: (parts) =>
    createPrometheusServer({
      ...parts,
      onProblem(found) {
        const repair = 'free the port or set PLIMSOLL_LISTEN';
        parts.onTrouble({ reason: 'listen_failed', detail: found.message, repair }, found);
      },
      onListening(address) {
        parts.onRecovered('listen_failed');
        parts.onListening(address);
      },
    }),
  otlp: async (parts) => (await import('./otlp/index.ts')).createOtlpExporter(parts),
};

type ExporterFactory = (parts: ExporterParts) => Exporter | Promise<Exporter>;

export { createApplication, type Application } from './join/index.ts';
