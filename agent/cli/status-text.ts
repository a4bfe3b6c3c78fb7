/** `plimsoll status` for a person. Pure but for the colours. */
import { COL, COLUMNS } from '../model/row.ts';
import { cacheLines } from './cache-view.ts';
import { constraintsOf, levelSinceWallMs, type ConstraintView, type ProcessView } from './process-view.ts';
import { ageSeconds, bindingConstraint, reading } from './recording.ts';
import { bytesText, durationText, jsonTime, levelText, ratioText } from './text.ts';

/** A block of lines per process. */
export function statusText(processes: readonly ProcessView[], nowMs: number, verbose: boolean): string {
  return processes.map((view) => processLines(view, nowMs, verbose).join('\n')).join('\n\n');
}

/** One line: time, who, level, binding constraint, pressure, what is left. */
export function statusLine(view: ProcessView, nowMs: number): string {
  const { row } = view;
  const words = [
    jsonTime(nowMs),
    who(view),
    `${levelText(reading(row, 'level') ?? -1)}${drillText(view)}`,
    bindingConstraint(row) ?? 'unlimited',
    ratioText(reading(row, 'pressureRatio')),
    leftText(view),
    timeText(view),
  ];
  return words.filter((word) => word !== undefined).join('  ');
}

function who({ serviceName, process: slot, pid }: ProcessView): string {
  return `${serviceName} ${slot}${pid === undefined ? '' : ` (pid ${pid})`}`;
}

function leftText({ row }: ProcessView): string {
  return headroomText(reading(row, 'headroomBytes'));
}

function timeText({ row }: ProcessView): string | undefined {
  const seconds = reading(row, 'timeToLimitSeconds');
  return seconds === undefined ? undefined : limitText(seconds);
}

function drillText({ row }: ProcessView): string {
  return reading(row, 'drillLevel') === undefined ? '' : ' (drill)';
}

function headroomText(bytes: number | undefined): string {
  return bytes !== undefined && bytes < 0 ? `${bytesText(-bytes)} over` : `${bytesText(bytes)} left`;
}

function limitText(seconds: number): string {
  return seconds === 0 ? 'at its limit' : `limit in about ${durationText(seconds)}`;
}

function processLines(view: ProcessView, nowMs: number, verbose: boolean): readonly string[] {
  const { row } = view;
  const since = levelSinceWallMs(row);
  const sinceText = since === undefined ? '' : ` since ${durationText((nowMs - since) / 1000)}`;
  const lines = [
    `${who(view)}  mode ${view.mode}  Node.js ${view.nodeVersion}  sample ${durationText(ageSeconds(row, nowMs))} old`,
    field('level', `${levelText(reading(row, 'level') ?? -1)}${drillText(view)}${sinceText}`),
    field('binding', bindingConstraint(row) ?? 'none: nothing limits it'),
    field('pressure', ratioText(reading(row, 'pressureRatio'))),
    field('headroom', [leftText(view), timeText(view) ?? 'not growing'].join(', ')),
    field('RSS', bytesText(reading(row, 'processRssBytes'))),
    field('heap', ofLimit(reading(row, 'heapUsageBytes'), reading(row, 'heapLimitBytes'))),
    field('container', ofLimit(reading(row, 'containerUsageBytes'), reading(row, 'containerLimitBytes'))),
  ];
  return verbose ? [...lines, ...details(view)] : lines;
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(10)}${text}`;
}

function ofLimit(usageBytes: number | undefined, limitBytes: number | undefined): string {
  return limitBytes === undefined ? 'no limit' : `${bytesText(usageBytes)} of ${bytesText(limitBytes)}`;
}

function details(view: ProcessView): readonly string[] {
  const { row } = view;
  const available = COLUMNS.filter((name) => !Number.isNaN(row[COL[name]]));
  return [
    field('instance', view.serviceInstanceId),
    field('from', view.from),
    field('agent', view.agentVersion),
    '  constraints',
    ...constraintsOf(row).map(constraintLine),
    ...cacheLines(view.caches),
    `  degraded${view.degraded.length === 0 ? '  nothing told' : ''}`,
    ...view.degraded.map((reason) => `    ${reason}`),
    '  readings',
    ...available.map((name) => `    ${name.padEnd(34)}${row[COL[name]]}`),
  ];
}

function constraintLine(view: ConstraintView): string {
  const growth = view.growthBytesPerSecond;
  const parts = [
    ratioText(view.utilizationRatio).padStart(7),
    ofLimit(view.usageBytes, view.limitBytes),
    headroomText(view.headroomBytes),
    ...(growth === undefined ? [] : [`${bytesText(growth)}/s`]),
    ...(view.timeToLimitSeconds === undefined ? [] : [limitText(view.timeToLimitSeconds)]),
  ];
  return `    ${view.constraint.padEnd(10)}${parts.join('  ')}`;
}
