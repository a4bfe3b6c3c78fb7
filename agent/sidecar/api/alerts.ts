/** `memory/alerts`: each time a level was reached. */
import { LEVELS, type LevelName } from '../../model/level.ts';
import { CONSTRAINTS } from '../../model/constraint.ts';
import type { NotedEvent } from '../../model/note.ts';
import type { Fleet, Member } from '../fleet.ts';
import { numberOf } from './numbers.ts';
import { enterRatiosOf } from './process.ts';
import type { ApiAlerts } from './types.ts';

type Alert = ApiAlerts['alerts'][number];

/** Newest first. */
export function alertsSince(fleet: Fleet, sinceMs: number): readonly Alert[] {
  const members = new Map(fleet.members().map((member) => [member.instanceId, member]));
  return fleet
    .events()
    .filter(({ event }) => event.wallMs >= sinceMs)
    .flatMap(({ instanceId, event }) => alertOf(event, instanceId, members.get(instanceId)))
    .toSorted((a, b) => b.wallMs - a.wallMs);
}

function alertOf(event: NotedEvent, instance: string, member: Member | undefined): readonly Alert[] {
  const { attributes, wallMs, text } = event;
  const from = LEVELS.indexOf(attributes['plimsoll.level.from'] as LevelName);
  const to = LEVELS.indexOf(attributes['plimsoll.level.to'] as LevelName);
  const level = LEVELS[to];
  if (event.name !== 'plimsoll.pressure.changed' || level === undefined || to <= from) return [];
  const type = level === 'critical' ? 'critical' : 'warning';
  return [{ type, instance, wallMs, level, ...bytesOf(event, to, member), message: text }];
}

/** An event tells ratios: bytes are those of the limit that the process has now. */
function bytesOf({ attributes }: NotedEvent, level: number, member: Member | undefined) {
  const binding = CONSTRAINTS.find((constraint) => constraint === attributes['plimsoll.constraint']);
  const row = member?.snapshot()?.row;
  const limitBytes = binding === undefined || row === undefined ? null : numberOf(row, `${binding}LimitBytes`);
  const pressure = Number(attributes['plimsoll.pressure']);
  const entered = member === undefined ? null : enterRatiosOf(member, binding ?? null)[level - 1];
  return {
    memoryBytes: times(limitBytes, pressure),
    thresholdBytes: times(limitBytes, entered ?? Number.NaN),
  };
}

function times(bytes: number | null, ratio: number): number | null {
  return bytes === null || Number.isNaN(ratio) ? null : Math.round(bytes * ratio);
}
