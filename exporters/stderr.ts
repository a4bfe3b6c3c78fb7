import { deathText } from '../agent/model/death-text.ts';
import { levelName } from '../agent/model/level.ts';
import type { AgentEvent } from '../agent/model/event.ts';
import { problem, PROBLEMS, problemLine, type Problem, type Severity } from '../agent/model/problem.ts';
import type { Assessment } from '../agent/model/assessment.ts';

/**
 * The few lines a person should see: problems and level changes, one line each on stderr, rate-limited.
 * The application's stdout is never touched.
 */

/** At most this many lines a minute; what is left out is counted and told. */
const LINES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;
const RANK: Readonly<Record<Severity, number>> = { info: 0, warn: 1, error: 2 };

export interface StderrOptions {
  /** OTEL_LOG_LEVEL; undefined: warnings and worse. */
  readonly logLevel: string | undefined;
  write(line: string): void;
  monotonicMs(): number;
  describe(assessment: Assessment): string;
}

export interface StderrWriter {
  problem(problem: Problem): void;
  event(event: AgentEvent): void;
}

export function createStderrWriter(options: StderrOptions): StderrWriter {
  const threshold = thresholdOf(options.logLevel);
  let minuteStartMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let left = 0;

  function say(severity: Severity, line: string): void {
    if (RANK[severity] < threshold) return;
    const nowMs = options.monotonicMs();
    if (nowMs - minuteStartMs >= MINUTE_MS) {
      if (left > 0) options.write(`[plimsoll] ${left} more lines were left out in the last minute`);
      minuteStartMs = nowMs;
      lines = 0;
      left = 0;
    }
    if (lines >= LINES_PER_MINUTE) {
      left += 1;
      return;
    }
    lines += 1;
    options.write(line);
  }

  function sayProblem(found: Problem): void {
    say(PROBLEMS[found.code].severity, problemLine(found));
  }

  return {
    problem: sayProblem,
    event(event) {
      const drill = event.isDrill === true ? 'drill: ' : '';
      switch (event.name) {
        case 'plimsoll.pressure.changed': {
          const { assessment, previous } = event;
          const upward = assessment.level > previous;
          const severity = !upward ? 'info' : assessment.level >= 2 ? 'error' : 'warn';
          say(
            severity,
            `[plimsoll] ${drill}pressure ${levelName(assessment.level)} (was ${levelName(previous)}): ${options.describe(assessment)}`,
          );
          break;
        }
        case 'plimsoll.limit.changed':
          say(
            'info',
            `[plimsoll] limit of ${event.constraint} changed from ${event.fromBytes} to ${event.toBytes} bytes`,
          );
          break;
        case 'plimsoll.agent.degraded': {
          const { reason, detail, repair } = event.degradation;
          sayProblem(problem('PLM_DEGRADED', `${reason}: ${detail}. Repair: ${repair}.`));
          break;
        }
        case 'plimsoll.mode.changed':
          say('warn', `[plimsoll] mode changed from ${event.from} to ${event.to}`);
          break;
        case 'plimsoll.process.died': {
          const { cause, because, last, repair } = event.postmortem;
          const when = last === null ? '' : `; last sample at ${new Date(last.wallMs).toISOString()}`;
          const repairText = repair === null ? '' : `. Repair: ${repair}`;
          const line = `${[deathText(event.postmortem), ...because.slice(0, 1)].join(': ')}${when}${repairText}`;
          say(cause === 'exit' ? 'info' : 'error', `[plimsoll] ${line.replaceAll(/\s*[\r\n]+\s*/g, ' ')}`);
          break;
        }
        case 'plimsoll.capture.written':
          say('warn', `[plimsoll] ${drill}${event.kind} written to ${event.path}`);
          break;
        case 'plimsoll.action.finished': {
          const { action, outcome, detail } = event;
          if (outcome === 'failed') break; // a problem says it
          say('info', `[plimsoll] ${drill}${action} ${outcome}${detail === '' ? '' : `: ${detail}`}`);
          break;
        }
        case 'plimsoll.adaptive.changed':
          say('info', `[plimsoll] ${drill}${event.adaptive} changed from ${event.fromValue} to ${event.toValue}`);
          break;
      }
    },
  };
}

function thresholdOf(logLevel: string | undefined): number {
  switch (logLevel?.trim().toLowerCase() ?? '') {
    case 'none':
      return 3;
    case 'error':
      return RANK.error;
    case 'info':
    case 'debug':
    case 'verbose':
    case 'all':
      return RANK.info;
    default:
      return RANK.warn;
  }
}
