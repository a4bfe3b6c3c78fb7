import type { ExporterClock } from '../../agent/model/exporter.ts';
import { problem, type Problem } from '../../agent/model/problem.ts';
import { addressText, bind, closeServer, createListener, type Address, type NotBound } from '../prometheus-listener.ts';
import { createFleetText } from '../prometheus.ts';
import type { FleetSource } from './subject.ts';

/**
 * The metrics listener of a sidecar: one text for all processes, each point with its service, container and process. Agents that exported
 * by themselves have the port until they have handed over, so a taken one is tried again each second; nobody is driven from it.
 */
export interface FleetPrometheus {
  /** `host:port`; undefined: not listening. */
  address(): string | undefined;
  start(): void;
  close(): Promise<void>;
}

export interface FleetPrometheusParts extends FleetSource {
  readonly listen: Address;
  /** Otherwise it answers /healthz and /readyz only. */
  readonly isScraped: boolean;
  readonly clock: Pick<ExporterClock, 'setTimer'>;
  /** Once for each outage. */
  onProblem(found: Problem): void;
}

const RETRY_MS = 1000;
/** Agents look once a second whether they are watched, and then close what they had open. */
const HAND_OVER_ATTEMPTS = 10;

export function createFleetPrometheus(parts: FleetPrometheusParts): FleetPrometheus {
  const { listen, clock } = parts;
  const text = createFleetText();
  let bound: Address | undefined;
  let closing: (() => Promise<void>) | undefined;
  let cancelRetry: (() => void) | undefined;
  let attempts = 0;
  let closed = false;

  async function attempt(): Promise<void> {
    const server = createListener({
      setTimer: clock.setTimer,
      siblings: undefined, // agents are read from their ring files
      notReady: () => undefined,
      metrics: parts.isScraped ? () => text(parts.own(), parts.subjects()) : undefined,
    });
    const outcome = await bind(server, listen);
    if ('reason' in outcome) return failed(outcome);
    if (closed) return await closeServer(server);
    bound = outcome;
    closing = () => closeServer(server);
  }

  function failed({ reason, isTaken }: NotBound): void {
    attempts += 1;
    if (attempts === (isTaken ? HAND_OVER_ATTEMPTS : 1)) parts.onProblem(listenProblem(listen, reason));
    if (!closed) cancelRetry = clock.setTimer(begin, RETRY_MS);
  }

  function begin(): void {
    attempt().catch((error: unknown) => failed({ reason: String(error), isTaken: false }));
  }

  return {
    address: () => (bound === undefined ? undefined : addressText(bound)),
    start: begin,
    async close() {
      closed = true;
      cancelRetry?.();
      bound = undefined;
      await closing?.();
    },
  };
}

function listenProblem(listen: Address, reason: string): Problem {
  return problem(
    'PLM_LISTEN_FAILED',
    `PLIMSOLL_LISTEN is ${addressText(listen)}: ${reason}. Must be a free port of a local address; port 0 is any. The sidecar cannot be scraped; it watches and reports all the same, and tries again each second.`,
  );
}
