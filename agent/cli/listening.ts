/** A sidecar's addresses: told once, when it has them. */
import type { Clock } from '../sample/clock.ts';
import type { Sidecar } from '../sidecar/index.ts';

const LOOK_MS = 100;
/** Agents that exported by themselves hand their port over within so long; who has to wait longer is told why elsewhere. */
const PATIENCE_MS = 5000;

/** Calls back once, when it is up, or does not come up soon. Answers what ends the waiting. */
export function whenUp(isUp: () => boolean, clock: Pick<Clock, 'setTimer'>, tell: () => void): () => void {
  let cancel = (): void => {};
  function look(waitedMs: number): void {
    if (isUp() || waitedMs >= PATIENCE_MS) tell();
    else cancel = clock.setTimer(() => look(waitedMs + LOOK_MS), LOOK_MS);
  }
  look(0);
  return () => cancel();
}

export function upLine(directory: string, sidecar: Sidecar): string {
  const page = sidecar.apiUrl();
  return `[plimsoll] watching ${directory}: ${metricsPart(sidecar)}, ${page === undefined ? 'no page yet' : `page at ${page}`}`;
}

function metricsPart({ exporter, metricsUrl }: Sidecar): string {
  if (exporter === 'otlp') return 'metrics by OTLP';
  if (exporter === 'none') return 'metrics not exported';
  const url = metricsUrl();
  return url === undefined ? 'no metrics yet' : `metrics at ${url}`;
}
