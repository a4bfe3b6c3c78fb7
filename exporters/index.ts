import { createPrometheusServer } from './prometheus-server.ts';

/** Every way out of the process that the agent knows itself, by the name that `PLIMSOLL_EXPORTER` gives it. */
export const exporters = { prometheus: createPrometheusServer } as const;
