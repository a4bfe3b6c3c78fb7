import type { AgentEvent } from '../agent/model/event.ts';
import { deathText } from '../agent/model/death-text.ts';
import { levelName, type Level } from '../agent/model/level.ts';
import type { DeathCause, Postmortem } from '../agent/model/postmortem.ts';
import type { NotedEvent } from '../agent/model/note.ts';

/**
 * An event as an OpenTelemetry log record: https://opentelemetry.io/docs/specs/otel/logs/data-model/. What is sent by OTLP and what is
 * handed to the application's LoggerProvider are the same.
 */
export interface EventRecord {
  readonly eventName: AgentEvent['name'];
  readonly severityNumber: number;
  readonly severityText: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
  /** One line for a person. */
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** SeverityNumber of the data model. */
const SEVERITY = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;
const UPWARD_SEVERITY = ['INFO', 'WARN', 'ERROR', 'FATAL'] as const satisfies Record<Level, keyof typeof SEVERITY>;

/** `describe` says an assessment in words. `process`: the slot that every point of this process carries. */
export function recordOf(event: AgentEvent, process: string, describe: Describe): EventRecord {
  const [severityText, text, attributes] = partsOf(event, describe);
  const isDrill = event.isDrill === true;
  return {
    eventName: event.name,
    severityNumber: SEVERITY[severityText],
    severityText,
    body: isDrill ? `drill: ${text}` : text,
    attributes: withoutUndefined({
      ...attributes,
      'plimsoll.process': process,
      'plimsoll.drill': isDrill ? 'true' : undefined,
    }),
  };
}

export type Describe = (assessment: Extract<AgentEvent, { name: 'plimsoll.pressure.changed' }>['assessment']) => string;

type Attributes = Readonly<Record<string, string | number | undefined>>;

function partsOf(event: AgentEvent, describe: Describe): [keyof typeof SEVERITY, string, Attributes] {
  switch (event.name) {
    case 'plimsoll.pressure.changed': {
      const { assessment, previous } = event;
      const { level, binding, pressureRatio, headroomBytes, timeToLimitSeconds } = assessment;
      const attributes = {
        'plimsoll.level.from': levelName(previous),
        'plimsoll.level.to': levelName(level),
        'plimsoll.constraint': binding,
        'plimsoll.pressure': pressureRatio,
        'plimsoll.headroom': headroomBytes,
        'plimsoll.time_to_limit': timeToLimitSeconds,
      };
      return [level > previous ? UPWARD_SEVERITY[level] : 'INFO', describe(assessment), attributes];
    }
    case 'plimsoll.limit.changed': {
      const { constraint, fromBytes, toBytes } = event;
      const attributes = {
        'plimsoll.constraint': constraint,
        'plimsoll.limit.from': fromBytes,
        'plimsoll.limit.to': toBytes,
      };
      return ['INFO', `limit of ${constraint} changed from ${fromBytes} to ${toBytes} bytes`, attributes];
    }
    case 'plimsoll.action.finished': {
      const { action, outcome, detail, promisedBytes, freedBytes } = event;
      const attributes = {
        'plimsoll.action': action,
        'plimsoll.outcome': outcome,
        'plimsoll.reclaim.promised': promisedBytes,
        'plimsoll.reclaim.freed': freedBytes,
      };
      return [outcome === 'failed' ? 'WARN' : 'INFO', `${action}: ${detail === '' ? outcome : detail}`, attributes];
    }
    case 'plimsoll.agent.degraded': {
      const { reason, detail, repair } = event.degradation;
      return ['WARN', `${detail}. Repair: ${repair}.`, { reason }];
    }
    case 'plimsoll.adaptive.changed': {
      const { adaptive, fromValue, toValue, level } = event;
      const attributes = {
        'plimsoll.adaptive.name': adaptive,
        'plimsoll.pressure.level': levelName(level),
        'plimsoll.adaptive.from': fromValue,
        'plimsoll.adaptive.to': toValue,
      };
      return ['INFO', `${adaptive} changed from ${fromValue} to ${toValue} at ${levelName(level)}`, attributes];
    }
    case 'plimsoll.capture.written': {
      const { kind, path, bytes } = event;
      const attributes = {
        'plimsoll.capture.kind': kind,
        'plimsoll.capture.path': path,
        'plimsoll.capture.size': bytes,
      };
      return ['WARN', `${kind} written to ${path}, ${bytes} bytes`, attributes];
    }
    case 'plimsoll.process.died':
      return deathParts(event.postmortem);
    case 'plimsoll.mode.changed':
    default: {
      const { from, to } = event;
      const attributes = { 'plimsoll.mode.from': from, 'plimsoll.mode.to': to };
      return ['WARN', `mode changed from ${from} to ${to}`, attributes];
    }
  }
}

const DEATH_SEVERITY = {
  kernel_oom: 'FATAL',
  v8_oom: 'FATAL',
  killed: 'ERROR',
  crash: 'ERROR',
  exit: 'INFO',
} as const satisfies Record<DeathCause, keyof typeof SEVERITY>;

/** Of the dead; `plimsoll.process` is who tells it. */
function deathParts(postmortem: Postmortem): [keyof typeof SEVERITY, string, Attributes] {
  const { cause, evidence, confidence, because, last, diedMs, exitCode, signal } = postmortem;
  const atMs = diedMs ?? last?.wallMs;
  const attributes = {
    'plimsoll.death.cause': cause,
    'plimsoll.death.evidence': evidence,
    'plimsoll.death.confidence': confidence,
    'plimsoll.death.service': postmortem.serviceName,
    'plimsoll.death.instance': postmortem.instance,
    'plimsoll.death.process': postmortem.process,
    'plimsoll.death.time': atMs === undefined ? undefined : new Date(atMs).toISOString(),
    'plimsoll.death.exit_code': exitCode ?? undefined,
    'plimsoll.death.signal': signal ?? undefined,
    'plimsoll.death.found_by': postmortem.foundBy,
    'plimsoll.pressure.level': last?.level,
    'plimsoll.constraint': last?.binding ?? undefined,
    'plimsoll.pressure': last?.pressureRatio ?? undefined,
    'plimsoll.death.rss': last?.rssBytes ?? undefined,
  };
  return [DEATH_SEVERITY[cause], [deathText(postmortem), ...because.slice(0, 1)].join(': '), attributes];
}

/** A headroom that is not known is no attribute. */
function withoutUndefined(attributes: Attributes): Record<string, string | number> {
  const known: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && (typeof value === 'string' || Number.isFinite(value))) known[name] = value;
  }
  return known;
}

/** An event that was kept in a ring file, as it was told then; of the slot that its process has with whoever read it. */
export function recordOfNoted({ name, severity, text, attributes }: NotedEvent, process: string): EventRecord {
  return {
    eventName: name,
    severityNumber: SEVERITY[severity],
    severityText: severity,
    body: text,
    attributes: { ...attributes, 'plimsoll.process': process },
  };
}
