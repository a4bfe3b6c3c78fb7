/** The sidecar: watches the processes of a folder, exports, answers and reports what they know. `plimsoll sidecar` and `plimsoll run` start it. */
import type { Options } from '../config/options.ts';
import { announceSidecar } from '../control/presence.ts';
import type { ExporterKind } from '../model/exporter.ts';
import type { Postmortem } from '../model/postmortem.ts';
import type { OtlpSettings } from '../model/otlp.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import { createInstanceId } from '../record/instance-id.ts';
import type { Clock } from '../sample/clock.ts';
import type { Ending } from '../postmortem/index.ts';
import { startApi } from './api/index.ts';
import { createChild, type ChildProcess } from './child.ts';
import { createFleet, type WatchingFleet } from './create-fleet.ts';
import { createFleetExporting } from './exporting.ts';
import type { Fleet } from './fleet.ts';
import { watchOwnMemory } from './own-memory.ts';
import { pageAssets } from './page/assets.ts';

export interface SidecarParts {
  readonly options: Options;
  readonly otlp: OtlpSettings;
  /** What `auto` exports by. */
  readonly fallbackExporter: 'otlp' | 'prometheus';
  /** OTEL_RESOURCE_ATTRIBUTES of the sidecar's own environment (`readIdentity`): of its pod. */
  readonly resource: Readonly<Record<string, string>>;
  /** NODE_OPTIONS of its own: heap flags. */
  readonly nodeOptions: string;
  /** PLIMSOLL_DIR. */
  readonly directory: string;
  /** Where post-mortems and captures are kept. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** Of the process that it is the parent of, in `plimsoll run`. */
  readonly child?: ChildProcess;
  /** Heard of from the first look on: also those who died while nobody watched. */
  onPostmortem?(postmortem: Postmortem): void;
  /** One line for people, on stderr. */
  onProblem(problem: Problem): void;
  /** One event as JSON, a line on stdout. */
  onEventLine(line: string): void;
}

export interface Sidecar {
  readonly fleet: Fleet;
  /** How metrics leave. */
  readonly exporter: ExporterKind;
  /** `http://…` of the metrics and of the API; undefined: not listening. */
  metricsUrl(): string | undefined;
  apiUrl(): string | undefined;
  /** Its child ended so. Resolves when all deaths that can be seen now are reported. */
  childEnded(ending: Ending): Promise<void>;
  /** Exports what it has, and lets go of everything. */
  stop(): Promise<void>;
}

/** Rejects only where it cannot watch at all. */
export async function startSidecar(parts: SidecarParts): Promise<Sidecar> {
  const { options, directory, dataDirectory, clock, onProblem } = parts;
  const child = createChild(parts.child, clock);
  const fleet: WatchingFleet = createFleet({
    directory,
    dataDirectory,
    clock,
    endOf: (header) => child.endOf(header, fleet.members()),
    onProblem,
  });
  const exporting = createFleetExporting(parts, fleet);
  const withdraw = announceSidecar(directory, { pid: process.pid, instance: createInstanceId(clock.wallMs()) }, clock);
  fleet.subscribe((change) => {
    if (change.kind === 'postmortem') parts.onPostmortem?.(change.postmortem);
  });
  fleet.start();
  const stopWatchingSelf = await watchOwnMemory({ ...parts, onLevel: fleet.shed }).catch(
    failed('watching its own memory'),
  );
  const api = await startApi({ options, fleet, clock, dataDirectory, page: pageAssets(), onProblem }).catch(
    failed('its API'),
  );

  function failed(what: string): (error: unknown) => undefined {
    return (error) => {
      onProblem(problem('PLM_SIDECAR_FAILED', `${what} failed: ${whyOf(error)}`));
      return undefined;
    };
  }

  return {
    fleet,
    exporter: exporting.kind,
    metricsUrl: exporting.metricsUrl,
    apiUrl: () => api?.url(),
    async childEnded(ending) {
      child.ended(ending);
      if (parts.child !== undefined) fleet.reaped(parts.child.pid);
      await fleet.settle();
    },
    async stop() {
      withdraw(); // whoever starts now does not wait for us
      stopWatchingSelf?.();
      await Promise.all([exporting.stop(), api?.stop()]);
      await fleet.stop();
    },
  };
}
