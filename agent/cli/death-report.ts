/** What a person reads after a death: how, what was measured last, what would help. Pure. */
import { LEVELS } from '../model/level.ts';
import type { Row } from '../model/row.ts';
import { deathSignal, exitCodeOf, type Ending } from './death.ts';
import { fittingNodeOptions, judgeHeapFit } from './heap-fit.ts';
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
    return [...lines, 'nothing was recorded: it lived too short, is no Node.js program, or PLIMSOLL_MODE is off'];
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
  const age = durationText(ageSeconds(row, nowMs));
  const binding = bindingConstraint(row);
  if (binding === undefined) return [`last sample ${age} before the end: level ${level}; nothing limited the process`];
  const pressure = ratioText(reading(row, 'pressureRatio'));
  const usage = bytesText(reading(row, `${binding}UsageBytes`));
  const limit = bytesText(reading(row, `${binding}LimitBytes`));
  const headroom = bytesText(Math.max(0, reading(row, 'headroomBytes') ?? Number.NaN));
  const growth = bytesText(reading(row, `${binding}GrowthBytesPerSecond`));
  return [
    `last sample ${age} before the end: level ${level}, binding constraint ${binding} at ${pressure}`,
    `${binding}: ${usage} used of ${limit}, ${headroom} left, growing ${growth}/s`,
    `RSS ${bytesText(reading(row, 'processRssBytes'))}; old generation ${bytesText(reading(row, 'heapOldUsedBytes'))} of ${bytesText(reading(row, 'heapOldLimitBytes'))}; external ${bytesText(reading(row, 'heapExternalBytes'))}`,
  ];
}

/** What would have helped, as far as numbers tell; undefined: they tell nothing. */
function repairHint(row: Row, signal: NodeJS.Signals | undefined): string | undefined {
  const oldBytes = reading(row, 'heapOldLimitBytes');
  const sizeLimitBytes = reading(row, 'heapSizeLimitBytes');
  const limitBytes = reading(row, 'containerLimitBytes') ?? Infinity;
  if (oldBytes === undefined || sizeLimitBytes === undefined) return undefined;
  const fit = judgeHeapFit({ oldBytes, youngBytes: Math.max(0, sizeLimitBytes - oldBytes) }, limitBytes);
  const binding = bindingConstraint(row);
  if (binding === 'heap' || (signal === 'SIGABRT' && binding !== 'container'))
    return heapHint(fit.fittingOldMib, oldBytes);
  if (binding !== 'container') return undefined;
  const nodeOptions = fittingNodeOptions(fit);
  if (!fit.fits) {
    return nodeOptions === undefined
      ? `repair: ${bytesText(limitBytes)} is too little for any heap beside Node.js itself; raise the container's limit`
      : `repair: the heap may grow to ${bytesText(sizeLimitBytes)} and does not fit the container; NODE_OPTIONS=${nodeOptions} does`;
  }
  return "repair: the heap fits the container, so Buffers, native memory or a neighbour filled it; raise the container's limit or find who holds them";
}

function heapHint(fittingOldMib: number | undefined, oldBytes: number): string {
  const isFinite = fittingOldMib !== undefined && Number.isFinite(fittingOldMib);
  const hasRoom = fittingOldMib !== undefined && fittingOldMib * 2 ** 20 > oldBytes;
  if (!hasRoom)
    return 'repair: the heap was full and the container has no room for a larger one; raise both, or find what holds the objects';
  const flag = isFinite
    ? `NODE_OPTIONS=--max-old-space-size=${fittingOldMib} is the largest that fits the container`
    : 'raise --max-old-space-size';
  return `repair: the heap was full; ${flag}, or find what holds the objects`;
}
