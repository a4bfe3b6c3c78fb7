/**
 * A note as another process wrote it, in JSON. Whoever can write to PLIMSOLL_DIR can write anything there: what is odd is left out, what is
 * long is cut, and what a newer version added is not seen.
 */
import { PRIORITIES, SIZE_SOURCES, type CacheLimit, type CacheStatus } from './cache.ts';
import type { AgentEvent } from './event.ts';
import { isMessage, numberOf, type Message } from './message.ts';
import { MAX_NOTED_CACHES, MAX_NOTED_EVENTS, MAX_NOTED_NAMES, type NotedEvent, type RingNote } from './note.ts';
import { readAccounts, readCounts } from './read-accounts.ts';
import type { ReclaimTotal } from './reclaim.ts';
import { OUTCOMES, type ActionCount, type AdaptiveState, type Degradation, type ShedCount } from './snapshot.ts';

/** UTF-16 units: of a name, and of a sentence. */
const LONGEST_NOTED_NAME = 256;
const LONGEST_NOTED_TEXT = 1024;
/** A newer version may keep more of them; the newest come last. */
const MAX_READ_EVENTS = 16 * MAX_NOTED_EVENTS;
/** Of everything that has no maximum of its own. */
const MAX_ENTRIES = 64;

const EVENT_NAMES: Readonly<Record<AgentEvent['name'], true>> = {
  'plimsoll.pressure.changed': true,
  'plimsoll.limit.changed': true,
  'plimsoll.action.finished': true,
  'plimsoll.adaptive.changed': true,
  'plimsoll.capture.written': true,
  'plimsoll.agent.degraded': true,
  'plimsoll.process.died': true,
  'plimsoll.mode.changed': true,
};
const SEVERITIES = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const satisfies readonly NotedEvent['severity'][];

/** undefined: not an object. */
export function readNote(value: unknown): RingNote | undefined {
  if (!isMessage(value)) return undefined;
  return {
    wallMs: numberOf(value['wallMs']),
    mode: nameOf(value['mode']),
    exporter: nameOf(value['exporter']),
    // what is odd keeps its place: columns point to it
    names: listOf(value['names'], MAX_NOTED_NAMES).map(nameOf),
    degraded: messagesOf(value['degraded'], MAX_ENTRIES).map(degradationOf),
    actions: messagesOf(value['actions'], MAX_ENTRIES).flatMap(actionOf),
    caches: messagesOf(value['caches'], MAX_NOTED_CACHES).flatMap(cacheOf),
    cacheAccounts: readAccounts(value['cacheAccounts']),
    reclaimed: messagesOf(value['reclaimed'], MAX_ENTRIES).map(reclaimedOf),
    shed: messagesOf(value['shed'], MAX_ENTRIES).map(shedOf),
    adaptives: messagesOf(value['adaptives'], MAX_ENTRIES).map(adaptiveOf),
    events: messagesOf(value['events'], MAX_READ_EVENTS).flatMap(eventOf).slice(-MAX_NOTED_EVENTS),
  };
}

function listOf(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : [];
}

function messagesOf(value: unknown, max: number): readonly Message[] {
  return listOf(value, max).filter((entry) => isMessage(entry));
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_NOTED_NAME) : '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_NOTED_TEXT) : '';
}

function numberOrNone(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function degradationOf({ reason, detail, repair }: Message): Degradation {
  return { reason: nameOf(reason), detail: textOf(detail), repair: textOf(repair) };
}

function actionOf({ action, outcome, count }: Message): readonly ActionCount[] {
  const known = OUTCOMES.find((each) => each === outcome);
  return known === undefined ? [] : [{ action: nameOf(action), outcome: known, count: numberOf(count) }];
}

function cacheOf(cache: Message): readonly CacheStatus[] {
  const priority = PRIORITIES.find((known) => known === cache['priority']);
  const sizeSource = SIZE_SOURCES.find((known) => known === cache['sizeSource']);
  if (priority === undefined || sizeSource === undefined) return [];
  return [
    {
      name: nameOf(cache['name']),
      library: nameOf(cache['library']),
      priority,
      isDiscovered: cache['isDiscovered'] === true,
      entries: numberOf(cache['entries']),
      bytes: numberOf(cache['bytes']),
      sizeSource,
      limit: limitOf(cache['limit']),
      capEntries: numberOrNone(cache['capEntries']),
      counts: readCounts(isMessage(cache['counts']) ? cache['counts'] : {}),
    },
  ];
}

function limitOf(limit: unknown): CacheLimit {
  const { entries, bytes }: Message = isMessage(limit) ? limit : {};
  return { entries: numberOrNone(entries), bytes: numberOrNone(bytes) };
}

function reclaimedOf({ reclaimer, promisedBytes, freedBytes }: Message): ReclaimTotal {
  return { reclaimer: nameOf(reclaimer), promisedBytes: numberOf(promisedBytes), freedBytes: numberOf(freedBytes) };
}

function shedOf({ point, count }: Message): ShedCount {
  return { point: nameOf(point), count: numberOf(count) };
}

function adaptiveOf({ name, value }: Message): AdaptiveState {
  return { name: nameOf(name), value: numberOf(value) };
}

function eventOf({ name, wallMs, severity, text, attributes }: Message): readonly NotedEvent[] {
  const known = SEVERITIES.find((each) => each === severity);
  if (known === undefined || !isEventName(name)) return [];
  return [
    { name, wallMs: numberOf(wallMs), severity: known, text: textOf(text), attributes: attributesOf(attributes) },
  ];
}

function isEventName(value: unknown): value is AgentEvent['name'] {
  return typeof value === 'string' && Object.hasOwn(EVENT_NAMES, value);
}

function attributesOf(value: unknown): NotedEvent['attributes'] {
  const attributes: Record<string, string | number> = {};
  for (const [name, each] of Object.entries(isMessage(value) ? value : {}).slice(0, MAX_ENTRIES)) {
    if (typeof each === 'number') attributes[nameOf(name)] = each;
    else if (typeof each === 'string') attributes[nameOf(name)] = textOf(each);
  }
  return attributes;
}
