import type { Server } from 'node:http';

import type { ExporterClock } from '../agent/model/exporter.ts';
import type { Tier } from '../agent/model/metric.ts';
import { problem, type Problem, type ProblemCode } from '../agent/model/problem.ts';
import { COL } from '../agent/model/row.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { whySampleIsOld } from './prometheus-answers.ts';
import { addressText, allowSiblings, bind, closeServer, createListener, type Address } from './prometheus-listener.ts';
import { createPrometheusText, type PrometheusText } from './prometheus.ts';
import { createSiblingHub, type SiblingHub } from './siblings-hub.ts';
import { joinSiblings, type Joining, type JoinOutcome } from './siblings-join.ts';
import { MAIN } from './siblings-slots.ts';

/**
 * The metrics listener: GET and HEAD of /metrics, /healthz, /readyz. It holds no secret and asks for none, and takes any
 * Host. It lives in somebody else's process: it never keeps that alive, answers one request per connection, and cuts off
 * whoever is slow. What it cannot avoid: a subscriber of the diagnostics channel `http.server.request.start` sees its scrapes.
 *
 * The processes of one service share one address: the first has it and serves all of them, the others hand it their numbers
 * (siblings-protocol.ts); when it goes, they race for the address.
 */
export interface PrometheusServer {
  /**
   * Loads node:http (about 5 ms where the application has not) and listens. Never rejects. undefined: it does not listen itself, or not
   * yet. It then goes on in the background: joins who listens there, or tells `onProblem` and tries again every minute, quietly.
   */
  start(): Promise<Address | undefined>;
  /** Releases the port, every connection and every timer. May be called at any time, and twice. */
  close(): Promise<void>;
}

export interface PrometheusServerOptions {
  /** Port 0: the kernel chooses. Host `::`: every address, IPv4 too. */
  readonly listen: Address;
  readonly tier: Tier;
  /** The same for every process of a container, different for the next container; empty: not known. */
  readonly container: string;
  /** Started as one of several, by a cluster or by pm2. */
  readonly isNumbered: boolean;
  /** Started by another Node.js process, which talks to it. */
  readonly isChild: boolean;
  readonly clock: Pick<ExporterClock, 'monotonicMs' | 'setTimer'>;
  snapshot(): Snapshot;
  /** Called once when the address cannot be had, not for each further attempt. */
  onProblem(found: Problem): void;
  /** Called each time this process's numbers begin to be served, by itself or by another; written as in PLIMSOLL_LISTEN. */
  onListening?(address: string): void;
}

/** A restart overlaps for a while: the old process still has the port. */
const RETRY_MS = 60_000;
/**
 * A primary, the first instance or a parent should have the address: it is blocked less, its workers come and go, and a child of another
 * name would refuse it.
 */
const HEAD_START_MS = 500;
const CHILD_HEAD_START_MS = 2_000;
/** When the one who listened is gone, the others must not all try in the same moment. */
const JITTER_MS = 200;
/** How often it is tried at once when whoever had the address was gone before it answered. */
const MAX_GONE = 5;
/** A process without a number that is younger may be an exec probe or a build step: it leaves no series. */
const SHORT_LIVED_SECONDS = 10;

export function createPrometheusServer(options: PrometheusServerOptions): PrometheusServer {
  const { listen, clock } = options;
  let server: { readonly close: () => Promise<void> } | undefined;
  let joining: Joining | undefined;
  let cancelNext: (() => void) | undefined;
  let closed = false;
  let reported = false;
  let goneInARow = 0;
  /** Kept from one hub to the next; and of a child that runs under another name, the name of the service. */
  let membership: { readonly slot: string; readonly service: string } | undefined;

  async function start(): Promise<Address | undefined> {
    const headStartMs = listen.port === 0 ? 0 : headStart(options);
    if (headStartMs === 0) return await attempt();
    again(headStartMs);
    return undefined;
  }

  async function attempt(): Promise<Address | undefined> {
    cancelNext = undefined;
    const outcome = await open(options, membership?.slot);
    if (closed) {
      if ('close' in outcome) await outcome.close();
      return undefined;
    }
    if ('close' in outcome) {
      server = outcome;
      served(outcome.address);
      return outcome.address;
    }
    const found = listenProblem(listen, outcome.reason);
    const waitSeconds = outcome.isTaken ? secondsUntilGrown(options) : 0;
    if (waitSeconds > 0) again(waitSeconds * 1000);
    else if (outcome.isTaken) join(found).catch(tryLater);
    else failed(found);
    return undefined;
  }

  async function join(taken: Problem): Promise<void> {
    joining = joinSiblings({ ...listen, clock, introduction: introduction(), snapshot: options.snapshot });
    const outcome = await joining.outcome;
    if (outcome.kind !== 'joined') joining.leave();
    if (closed) return;
    if (outcome.kind === 'joined') {
      membership = { slot: outcome.slot, service: outcome.service };
      served(listen);
      outcome.onLeft(soon);
    } else if (outcome.kind === 'gone' && goneInARow < MAX_GONE) {
      goneInARow += 1;
      soon();
    } else failed(outcome.kind === 'refused' ? refusedProblem(listen, outcome) : taken);
  }

  function introduction() {
    const { serviceName, serviceInstanceId, process: slot, agentVersion, nodeVersion } = options.snapshot().identity;
    return {
      service: membership?.service ?? serviceName,
      container: options.container,
      parentPid: process.ppid,
      instance: serviceInstanceId,
      agent: agentVersion,
      node: nodeVersion,
      slot: membership?.slot ?? slot,
    };
  }

  function served(address: Address): void {
    reported = false;
    goneInARow = 0;
    options.onListening?.(addressText(address));
  }

  function failed(found: Problem): void {
    if (!reported) options.onProblem(found);
    reported = true;
    again(RETRY_MS);
  }

  function soon(): void {
    again(Math.random() * JITTER_MS);
  }

  function again(ms: number): void {
    if (closed) return;
    cancelNext = clock.setTimer(() => {
      attempt().catch(tryLater);
    }, ms);
  }

  function tryLater(): void {
    again(RETRY_MS);
  }

  return {
    start,
    async close() {
      closed = true;
      cancelNext?.();
      joining?.leave();
      await server?.close();
      server = undefined;
    },
  };
}

/** How long this process lets others have the address first, ms. */
function headStart({ isNumbered, isChild, snapshot }: PrometheusServerOptions): number {
  if (snapshot().identity.process !== MAIN) return HEAD_START_MS;
  return isChild && !isNumbered ? CHILD_HEAD_START_MS : 0;
}

interface Opened {
  readonly address: Address;
  close(): Promise<void>;
}

/** Listens, and serves the processes that join. */
async function open(
  { listen, tier, container, clock, snapshot }: PrometheusServerOptions,
  formerSlot: string | undefined,
): Promise<Opened | { readonly reason: string; readonly isTaken: boolean }> {
  let text: PrometheusText | undefined;
  let hub: SiblingHub | undefined;

  function siblingHub(): SiblingHub {
    const { serviceName: service, process: slot } = snapshot().identity;
    hub ??= createSiblingHub({
      service,
      container,
      slot: formerSlot ?? slot,
      clock,
      onCount: (count) => allowSiblings(listener, count),
    });
    return hub;
  }

  function textOf(siblings: readonly Snapshot[]): string {
    const now = snapshot();
    const slot = hub?.slot ?? formerSlot ?? now.identity.process;
    text ??= createPrometheusText(tier);
    // whoever answers the scrape tells of the container, whatever its slot
    return text({ ...now, identity: { ...now.identity, process: slot }, tellsSurroundings: true }, siblings);
  }

  const listener: Server = createListener({
    notReady: () => whySampleIsOld(snapshot(), clock.monotonicMs()),
    setTimer: clock.setTimer,
    siblings: {
      admit: (socket, head) => siblingHub().admit(socket, head),
      has: (socket) => hub?.has(socket) === true,
    },
    metrics: () => hub?.collect()?.then(textOf) ?? textOf([]),
  });
  const bound = await bind(listener, listen);
  if ('reason' in bound) return bound;
  return {
    address: bound,
    async close() {
      hub?.close();
      await closeServer(listener);
    },
  };
}

function secondsUntilGrown({ isNumbered, snapshot }: PrometheusServerOptions): number {
  const uptimeSeconds = snapshot().row[COL.processUptimeSeconds] ?? Number.NaN;
  return !isNumbered && uptimeSeconds < SHORT_LIVED_SECONDS ? SHORT_LIVED_SECONDS - uptimeSeconds : 0;
}

const NOW = 'Nothing is exported, sensing goes on; it is tried again every minute.';

function refusedProblem(address: Address, { refusal, service }: Extract<JoinOutcome, { kind: 'refused' }>): Problem {
  switch (refusal) {
    case 'service':
      return listenProblem(address, `the agent of service ${service} has it`, 'PLM_LISTEN_OTHER_SERVICE');
    case 'container':
      return listenProblem(address, `the agent of another container has it (service ${service})`);
    case 'full':
      return listenProblem(address, 'the agent there serves as many processes as it can');
    case 'protocol':
    default:
      return listenProblem(address, 'the agent there is of a version that this one cannot join');
  }
}

function listenProblem(address: Address, reason: string, code: ProblemCode = 'PLM_LISTEN_FAILED'): Problem {
  return problem(
    code,
    `PLIMSOLL_LISTEN is ${addressText(address)}: ${reason}. Must be a free port of a local address, its own for each service; port 0 is any. ${NOW}`,
  );
}
