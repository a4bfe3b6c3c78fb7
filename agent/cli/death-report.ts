/** What a person reads after a death: how, what was measured last, what would help. Pure. */
import { LEVELS } from '../model/level.ts';
import type { Row } from '../model/row.ts';
import { deathSignal, exitCodeOf, type Ending } from './death.ts';
import { fittingNodeOptions, heapFitOf, type HeapFit } from '../postmortem/heap-fit.ts';
import { ageSeconds, bindingConstraint, reading, type Recording } from './recording.ts';
import { bytesText, durationText, ratioText } from './text.ts';

export interface Death {
  readonly command: string;
  readonly ending: Ending;
  readonly livedSeconds: number;
  readonly atWallMs: number;
  readonly recording: Recording | undefined;
}

/** Short lines, without a prefix. */
export function deathReport(death: Death): readonly string[] {
  const row = death.recording?.record?.row;
  const lines = [howItEnded(death)];
  if (row === undefined) {
    return [
      ...lines,
      'nothing was recorded: it lived too short, is no Node.js program, PLIMSOLL_MODE is off, or no folder can be written',
    ];
  }
  lines.push(...lastSample(row, death.atWallMs));
  const hint = repairHint(row, deathSignal(death.ending, death.recording));
  if (hint !== undefined) lines.push(hint);
  lines.push(`recording: ${death.recording?.path}`);
  return lines;
}

function howItEnded({ command, ending, livedSeconds, recording }: Death): string {
  const signal = deathSignal(ending, recording);
  const how = signal === undefined ? 'ended' : `was ended by ${signal}`;
  return `${command} ${how} after ${durationText(livedSeconds)}, exit code ${exitCodeOf(ending)}`;
}

function lastSample(row: Row, nowMs: number): readonly string[] {
  const level = LEVELS[reading(row, 'level') ?? -1] ?? 'unknown';
  const when = `last sample ${durationText(ageSeconds(row, nowMs))} before the end: level ${level}`;
  const binding = bindingConstraint(row);
  if (binding === undefined) return [`${when}; nothing limited the process`];
  const usage = bytesText(reading(row, `${binding}UsageBytes`));
  const limit = bytesText(reading(row, `${binding}LimitBytes`));
  const headroom = bytesText(Math.max(0, reading(row, 'headroomBytes') ?? Number.NaN));
  const growth = reading(row, `${binding}GrowthBytesPerSecond`) ?? 0;
  const old = `${bytesText(reading(row, 'heapOldUsedBytes'))} of ${bytesText(reading(row, 'heapOldLimitBytes'))}`;
  return [
    `${when}, binding constraint ${binding} at ${ratioText(reading(row, 'pressureRatio'))}`,
    `${binding}: ${usage} used of ${limit}, ${headroom} left, ${growth > 0 ? `growing ${bytesText(growth)}/s` : 'not growing'}`,
    `RSS ${bytesText(reading(row, 'processRssBytes'))}; old generation ${old}; external ${bytesText(reading(row, 'heapExternalBytes'))}`,
  ];
}

/** What would have helped, as far as numbers tell; undefined: they tell nothing. */
function repairHint(row: Row, signal: NodeJS.Signals | undefined): string | undefined {
  const fit = heapFitOf(row);
  const binding = bindingConstraint(row);
  // one huge allocation ends V8 at any use, so its abort alone says that the heap was the ceiling
  if (binding === 'heap' || (signal === 'SIGABRT' && binding !== 'container')) return heapHint(fit);
  if (binding === 'container') return containerHint(fit);
  if (binding === 'worker' && signal === undefined) return workerHint(row);
  if (signal === 'SIGKILL' && reading(row, 'level') === 0) {
    return 'memory was not short then: look for another cause, such as a time limit, a probe or a person';
  }
  return undefined;
}

function heapHint(fit: HeapFit | undefined): string {
  const largestMib = fit?.fittingOldMib;
  if (fit !== undefined && (largestMib ?? 0) * 2 ** 20 <= fit.oldBytes) {
    return `repair: the heap was full and ${bytesText(fit.limitBytes)} have no room for a larger one; raise both limits, or find what holds the objects`;
  }
  const flag = largestMib === undefined ? '' : ` (at most NODE_OPTIONS=--max-old-space-size=${largestMib} fits)`;
  return `repair: the heap was full; raise --max-old-space-size${flag}, or find what holds the objects`;
}

/** Its death is an error of the application, not an abort. */
function workerHint(row: Row): string {
  const who = `worker thread ${reading(row, 'workerThreadId') ?? ''}`.trim();
  return `repair: ${who} was full; raise maxOldGenerationSizeMb in its resourceLimits (--max-old-space-size where that is set, which overrides it), or find what holds the objects`;
}

function containerHint(fit: HeapFit | undefined): string {
  if (fit === undefined || fit.fits) {
    return "repair: the heap fits the container, so Buffers, native memory or a neighbour filled it; raise the container's limit, or find who holds them";
  }
  const nodeOptions = fittingNodeOptions(fit);
  return nodeOptions === undefined
    ? `repair: ${bytesText(fit.limitBytes)} are too little for any heap beside Node.js itself; raise the container's limit`
    : `repair: the heap may grow to ${bytesText(fit.oldBytes + fit.youngBytes)} and does not fit the container; NODE_OPTIONS=${nodeOptions} does`;
}
