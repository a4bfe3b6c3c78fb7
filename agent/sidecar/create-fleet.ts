/** Watches a folder: takes up each process that appears there, looks at all of them with one timer, and tells what became of each. */
import { recordOf } from '../../exporters/log-record.ts';
import type { AgentEvent } from '../model/event.ts';
import type { NotedEvent } from '../model/note.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import { describeAssessment } from '../pipeline.ts';
import type { RingFile } from '../record/directory.ts';
import type { RingFollower } from '../record/follow.ts';
import type { RingHeader } from '../record/header.ts';
import { HOW_TO_SHARE } from '../record/open-ring.ts';
import type { Clock } from '../sample/clock.ts';
import type { ChildEnd } from './child.ts';
import { createDeaths, MAX_POSTMORTEMS } from './deaths.ts';
import { createDiscovery } from './discover.ts';
import { createEventLog, MAX_EVENTS } from './event-log.ts';
import type { Fleet, FleetChange, Member } from './fleet.ts';
import { pidNamespace } from './pid.ts';
import { createRhythm } from './rhythm.ts';
import { blockedFor } from './snapshot.ts';
import { byPlace, containerKeyOf, createFleetSlots } from './slots.ts';
import { createWatch, type Watch } from './watch.ts';

export interface FleetParts {
  readonly directory: string;
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** How a process ended, by its parent's word. */
  endOf(header: RingHeader): Promise<ChildEnd | undefined>;
  onProblem(problem: Problem): void;
}

export interface WatchingFleet extends Fleet {
  /** From now on it tells what it sees. */
  start(): void;
  /** Looks at everything now, and waits until those that died are reported. */
  settle(): Promise<void>;
  /** Our child ended. */
  reaped(pid: number): void;
  /** The sidecar itself is short of memory, by its level: at high no history and few events, at critical few post-mortems too. */
  shed(level: number): void;
}

const MAX_MEMBERS = 256;
const KEEP_ENDED_MS = 600_000;
/** When the sidecar itself is short of memory. */
const FEW = 10;

export function createFleet(parts: FleetParts): WatchingFleet {
  const { directory, clock } = parts;
  const listeners = new Set<(change: FleetChange) => void>();
  const slots = createFleetSlots();
  const events = createEventLog();
  const ownNamespace = pidNamespace();
  const watches = new Map<string, Watch>();
  /** Monotonic ms at which each of them ended, newest first. */
  let ended: readonly { readonly watch: Watch; readonly endedMs: number }[] = [];
  /** Told once each. */
  const failures = new Set<string>();
  const reports = new Set<Promise<void>>();
  const rhythm = createRhythm(clock, {
    look: () => attempt(directory, look),
    poll: ({ member }) => attempt(member.path, member.poll),
    all: () => watches.values(),
  });
  let reapedPid: number | undefined;
  let toldForbidden = false;
  let keepsHistory = true;

  const deaths = createDeaths({
    ...parts,
    wallMs: clock.wallMs,
    onPostmortem(postmortem) {
      note(postmortem.instance, postmortem.process, { name: 'plimsoll.process.died', postmortem });
      tell({ kind: 'postmortem', postmortem });
    },
  });

  function tell(change: FleetChange): void {
    for (const listener of listeners) listener(change);
  }

  /** What the sidecar itself has to say of a process. */
  function note(instanceId: string, slot: string, event: AgentEvent): NotedEvent {
    const { eventName, severityText, body, attributes } = recordOf(event, slot, describeAssessment);
    const noted = { name: eventName, wallMs: clock.wallMs(), severity: severityText, text: body, attributes };
    events.add({ instanceId, event: noted });
    return noted;
  }

  const discovery = createDiscovery({
    directory,
    clock,
    isWatched: (instanceId) => watches.has(instanceId),
    isReported: deaths.isReported,
    hasRoom: () => watches.size < MAX_MEMBERS,
    onFound: (ring, follower) => attempt(ring.path, () => take(ring, follower)),
    onProblem: parts.onProblem,
  });

  function look(): void {
    const nowMs = clock.monotonicMs();
    ended = ended.filter(({ endedMs }) => nowMs - endedMs < KEEP_ENDED_MS);
    discovery.look();
    deaths.takeUntold();
  }

  /** Whoever can write to the folder can put anything there: one process's file never ends the watching of the others. */
  function attempt(path: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      failed(path, error);
    }
  }

  function failed(path: string, error: unknown): void {
    if (failures.has(path)) return;
    if (failures.size >= MAX_MEMBERS) failures.clear();
    failures.add(path);
    parts.onProblem(problem('PLM_SIDECAR_FAILED', `${path}: ${whyOf(error)}. The others are watched.`));
  }

  function take(ring: RingFile, follower: RingFollower): void {
    const { header } = follower;
    const watch = createWatch({
      directory,
      clock,
      ring,
      follower,
      slot: slots.take(header),
      ownNamespace,
      reapedPid: () => reapedPid,
      tellsSurroundings,
      onSeen: ({ member }) => tell({ kind: 'appeared', member }),
      onSample: ({ member }) => tell({ kind: 'sample', member }),
      onEvent,
      onState,
      onForbidden,
      onDue: rhythm.hurry,
      attempt,
    });
    watches.set(ring.instanceId, watch);
    watch.member.keepHistory(keepsHistory);
    attempt(ring.path, watch.member.poll);
  }

  function onEvent({ member }: Watch, event: NotedEvent): void {
    events.add({ instanceId: member.instanceId, event });
    tell({ kind: 'event', member, event });
  }

  function onForbidden({ path }: RingFile): void {
    if (toldForbidden) return;
    toldForbidden = true;
    const what = `the control socket beside ${path} is closed to this user; ${HOW_TO_SHARE}`;
    const now = 'Its ring file is read, it exports by itself, and its death is seen later.';
    parts.onProblem(problem('PLM_CONTROL_FAILED', `${what}. ${now}`));
  }

  function onState(watch: Watch): void {
    const { member, slot } = watch;
    const state = member.state();
    if (state === 'ended') return onEnded(watch);
    if (state === 'live') return tell({ kind: 'unblocked', member });
    const blockedMs = clock.wallMs() - (member.blockedSinceMs() ?? clock.wallMs());
    const degradation = blockedFor(blockedMs);
    const event = note(member.instanceId, slot, { name: 'plimsoll.agent.degraded', degradation });
    tell({ kind: 'blocked', member });
    tell({ kind: 'event', member, event });
  }

  function onEnded(watch: Watch): void {
    const { member, counter, slot } = watch;
    const { instanceId, path, header } = member;
    watches.delete(instanceId);
    discovery.settle(instanceId);
    slots.giveBack(header, slot);
    if (watch.isSeen()) {
      ended = [{ watch, endedMs: clock.monotonicMs() }, ...ended].slice(0, MAX_MEMBERS);
      tell({ kind: 'ended', member });
    }
    if (member.isSwitchedOff()) return counter?.close();
    const remembered = member.isOrphan() ? member.lastWords() : undefined;
    const report = deaths
      .report({ path, instanceId, remembered, diedMs: watch.diedMs(), counter })
      .catch((error: unknown) => failed(path, error))
      .finally(() => {
        counter?.close();
        reports.delete(report);
      });
    reports.add(report);
  }

  function seen(): readonly Watch[] {
    return [...watches.values()].filter((watch) => watch.isSeen()).toSorted(byPlace);
  }

  /** One of the processes in a container does: the first. */
  function tellsSurroundings({ member }: Watch): boolean {
    const key = containerKeyOf(member.header);
    const first = seen().find((each) => containerKeyOf(each.member.header) === key);
    return first?.member.instanceId === member.instanceId;
  }

  return {
    start: rhythm.start,
    members: (): readonly Member[] => [...seen(), ...ended.map(({ watch }) => watch)].map(({ member }) => member),
    deaths: deaths.total,
    workloadDeaths: deaths.byWorkload,
    postmortems: deaths.list,
    events: () => events.list(clock.wallMs()),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async settle() {
      look();
      for (const { member } of watches.values()) attempt(member.path, member.poll);
      await Promise.all(reports);
    },
    reaped(pid) {
      reapedPid = pid;
    },
    shed(level) {
      keepsHistory = level < 2;
      for (const { member } of watches.values()) member.keepHistory(keepsHistory);
      if (!keepsHistory) ended = [];
      events.limit(keepsHistory ? MAX_EVENTS : FEW);
      deaths.limit(level < 3 ? MAX_POSTMORTEMS : FEW);
    },
    async stop() {
      rhythm.stop();
      for (const { member, counter } of watches.values()) {
        member.close();
        counter?.close();
      }
      await Promise.all(reports);
    },
  };
}
