/**
 * Reports the deaths that nobody has explained: ring files in PLIMSOLL_DIR without a clean end, whose process is gone. What does it is
 * predecessors.ts, a text of its own that most processes never compile: here is only whether there is anything to look at.
 */
import type { Options } from './config/options.ts';
import type { AgentEvent } from './model/event.ts';
import type { DeathCount } from './model/postmortem.ts';
import type { Predecessors } from './predecessors.ts';
import type { Identity } from './model/snapshot.ts';
import { hasDeathCounts } from './postmortem/counts-file.ts';
import { surveyRings } from './record/survey.ts';
import { pause, type Clock } from './sample/clock.ts';

export interface SuccessionParts {
  readonly options: Options;
  /** Where post-mortems are kept. */
  readonly dataDirectory: string;
  /** Never its own predecessor; it tells of the deaths of its own service and container. */
  readonly identity: Pick<Identity, 'serviceInstanceId' | 'serviceName' | 'process' | 'resource'>;
  readonly clock: Clock;
  /** A sidecar reports them, and nobody else. */
  isWatched(): boolean;
  /** What it told an exporter now might never be sent. */
  isYoung(): boolean;
  /** At once, for who reads the log of this process. */
  onFound(event: AgentEvent): void;
  /** For whoever else is told, once it is sure that this process lives long enough. */
  onEvent(event: AgentEvent): void;
  onFailure(error: unknown): void;
}

export interface Succession {
  /** Looks, some time after the start; never throws. */
  look(): void;
  /** Of this service and container in this folder (as `WorkloadDeaths`); undefined: it is not this process that tells of them. */
  deaths(): readonly DeathCount[] | undefined;
  stop(): void;
}

/**
 * After the exporter and the control socket are opened, each in its turn. Who died a moment ago looks alive until its silence is long enough; who is ten seconds old may tell; and a file
 * that can be asked about nothing needs half a minute of silence.
 */
const LOOKS_MS = [50, 1_500, 3_000, 10_500, 35_000, 120_000] as const;
const STEP_PAUSE_MS = 5;
/** A read opens a file. */
const COUNTS_FRESH_MS = 5_000;

export function createSuccession(parts: SuccessionParts): Succession {
  const { clock, identity } = parts;
  const { directory } = parts.options;
  let predecessors: Predecessors | undefined;
  let loading = false;
  let cancels: (() => void)[] = [];
  let isStopped = false;
  let counts: readonly DeathCount[] = [];
  let countedMs = Number.NEGATIVE_INFINITY;

  function look(): void {
    if (isStopped || directory === undefined || loading) return;
    if (predecessors === undefined && !isNeeded(directory, identity.serviceInstanceId, clock.wallMs())) return;
    loading = true;
    lookAt(directory)
      .catch(parts.onFailure)
      .finally(() => {
        loading = false;
      });
  }

  /** In steps: each of them is a few ms the first time. */
  async function lookAt(folder: string): Promise<void> {
    if (predecessors === undefined) {
      await pause(clock, STEP_PAUSE_MS);
      const { createPredecessors } = await import('./predecessors.ts');
      predecessors = createPredecessors({ ...parts, directory: folder });
      await pause(clock, STEP_PAUSE_MS);
    }
    if (!isStopped) await predecessors.look();
  }

  return {
    look() {
      cancels = LOOKS_MS.map((ms) => clock.setTimer(look, ms));
    },
    deaths() {
      if (directory === undefined || identity.process !== 'main' || parts.isWatched()) return undefined;
      const nowMs = clock.monotonicMs();
      if (nowMs - countedMs > COUNTS_FRESH_MS) {
        countedMs = nowMs;
        if (predecessors !== undefined) counts = predecessors.deaths();
        // a worker's successor has told of it, long after this process began
        else if (hasDeathCounts(directory)) look();
      }
      return counts;
    },
    stop() {
      isStopped = true;
      predecessors?.stop();
      for (const cancel of cancels) cancel();
      cancels = [];
    },
  };
}

/** A file of another process that has not ended well, or reports: of them the counts and the events are asked for. Never throws. */
function isNeeded(directory: string, instanceId: string, nowMs: number): boolean {
  try {
    const { rings, reports } = surveyRings(directory, nowMs);
    return reports.length > 0 || rings.some((ring) => ring.instanceId !== instanceId && ring.fate !== 'clean');
  } catch {
    return false;
  }
}
