/** Of SCHEMAS: what several of them are made of, and the post-mortem. */
import { Type, type TSchema } from 'typebox';

import { CONSTRAINTS } from '../../model/constraint.ts';
import { LEVELS } from '../../model/level.ts';
import { DEATH_CAUSES, DEATH_EVIDENCE } from '../../model/postmortem.ts';
import { OUTCOMES } from '../../model/snapshot.ts';

export const text = Type.String();
export const number = Type.Number();
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const maybe = orNull(number);
export const maybeText = orNull(text);
export const level = Type.Enum([...LEVELS]);
export const maybeLevel = orNull(level);
export const binding = orNull(Type.Enum([...CONSTRAINTS]));
export const who = { instance: text, process: text };
const texts = Type.Record(text, text);

export const Degradation = Type.Object({ reason: text, detail: text, repair: text });
const ActionCount = Type.Object({ action: text, outcome: Type.Enum([...OUTCOMES]), count: number });
const severity = Type.Enum(['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']);
export const noted = {
  name: Type.Enum([
    'plimsoll.pressure.changed',
    'plimsoll.limit.changed',
    'plimsoll.action.finished',
    'plimsoll.adaptive.changed',
    'plimsoll.capture.written',
    'plimsoll.agent.degraded',
    'plimsoll.process.died',
    'plimsoll.mode.changed',
  ]),
  wallMs: number,
  severity,
  text,
  attributes: Type.Record(text, Type.Union([text, number])),
};
const NotedEvent = Type.Object(noted);
export const cause = Type.Enum([...DEATH_CAUSES]);
export const evidence = Type.Enum([...DEATH_EVIDENCE]);

export const Postmortem = Type.Object({
  cause,
  evidence,
  confidence: number,
  because: Type.Array(text),
  version: Type.Literal(1),
  instance: text,
  serviceName: text,
  process: text,
  pid: maybe,
  nodeVersion: text,
  agentVersion: text,
  resource: texts,
  foundBy: Type.Enum(['parent', 'sidecar', 'successor', 'command']),
  startedMs: number,
  diedMs: maybe,
  foundMs: number,
  exitCode: maybe,
  signal: maybeText,
  last: orNull(
    Type.Object({
      wallMs: number,
      ageSeconds: maybe,
      level,
      binding,
      pressureRatio: maybe,
      headroomBytes: maybe,
      growthBytesPerSecond: maybe,
      timeToLimitSeconds: maybe,
      rssBytes: maybe,
      heapUsedBytes: maybe,
      externalBytes: maybe,
      constraints: Type.Array(
        Type.Object({
          constraint: Type.Enum([...CONSTRAINTS]),
          usageBytes: number,
          limitBytes: number,
          utilizationRatio: number,
          growthBytesPerSecond: number,
        }),
      ),
    }),
  ),
  caches: Type.Array(Type.Object({ name: text, library: text, bytes: number, entries: number, grewBytes: maybe })),
  job: maybeText,
  stage: maybeText,
  actions: Type.Array(ActionCount),
  events: Type.Array(NotedEvent),
  timeline: Type.Array(
    Type.Object({
      wallMs: number,
      level,
      pressureRatio: maybe,
      usageBytes: maybe,
      limitBytes: maybe,
      rssBytes: maybe,
    }),
  ),
  repair: maybeText,
  recording: text,
});
