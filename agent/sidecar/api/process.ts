import { CONSTRAINTS, type Constraint } from '../../model/constraint.ts';
import { LEVELS } from '../../model/level.ts';
import { COL, type Row } from '../../model/row.ts';
import type { Fleet, Member } from '../fleet.ts';
import { bindingOf, finite, isDrill, levelOf, nameOf, numberOf } from './numbers.ts';
import { slotOf } from './point.ts';
import type { ApiConstraint, ApiMemoryStatus, ApiProcess } from './types.ts';

export function memoryStatus(fleet: Fleet, nowMs: number): ApiMemoryStatus {
  const processes = fleet.members().map(processOf).toSorted(byDanger);
  return { nowMs, processes, deaths: fleet.deaths() };
}

/** Who still lives first; then level, then pressure. */
function byDanger(a: ApiProcess, b: ApiProcess): number {
  const ended = Number(a.state === 'ended') - Number(b.state === 'ended');
  if (ended !== 0) return ended;
  const rank = ({ level }: ApiProcess): number => (level === null ? -1 : LEVELS.indexOf(level));
  return rank(b) - rank(a) || (b.pressureRatio ?? -1) - (a.pressureRatio ?? -1);
}

function processOf(member: Member): ApiProcess {
  const row = member.snapshot()?.row;
  return { ...whoOf(member), ...(row === undefined ? NO_SAMPLE : sampleOf(member, row)) };
}

type Sampled =
  | 'sampleMs'
  | 'level'
  | 'levelSinceMs'
  | 'isDrill'
  | 'pressureRatio'
  | 'binding'
  | 'headroomBytes'
  | 'timeToLimitSeconds'
  | 'rssBytes'
  | 'heapUsedBytes'
  | 'externalBytes'
  | 'cachesBytes'
  | 'job'
  | 'stage'
  | 'constraints'
  | 'enterRatios';

const NO_SAMPLE: Pick<ApiProcess, Sampled> = {
  sampleMs: null,
  level: null,
  levelSinceMs: null,
  isDrill: false,
  pressureRatio: null,
  binding: null,
  headroomBytes: null,
  timeToLimitSeconds: null,
  rssBytes: null,
  heapUsedBytes: null,
  externalBytes: null,
  cachesBytes: null,
  job: null,
  stage: null,
  constraints: [],
  enterRatios: [null, null, null],
};

function whoOf(member: Member): Omit<ApiProcess, Sampled> {
  const { identity } = member.header;
  const note = member.note();
  return {
    instance: member.instanceId,
    service: identity.serviceName,
    container: identity.resource['k8s.container.name'] ?? '',
    process: slotOf(member),
    pid: finite(identity.pid),
    state: member.state(),
    blockedSinceMs: member.blockedSinceMs() ?? null,
    mode: note?.mode ?? identity.mode,
    exporter: note?.exporter ?? identity.exporter,
    nodeVersion: identity.nodeVersion,
    agentVersion: identity.agentVersion,
    startedMs: member.startWallMs,
    degraded: member.snapshot()?.degraded ?? note?.degraded ?? [],
  };
}

function sampleOf(member: Member, row: Row): Pick<ApiProcess, Sampled> {
  const note = member.note();
  const binding = bindingOf(row);
  return {
    sampleMs: numberOf(row, 'wallMs'),
    level: levelOf(row),
    levelSinceMs: levelSinceMs(row),
    isDrill: isDrill(row),
    pressureRatio: numberOf(row, 'pressureRatio'),
    binding,
    headroomBytes: numberOf(row, 'headroomBytes'),
    timeToLimitSeconds: numberOf(row, 'timeToLimitSeconds'),
    rssBytes: numberOf(row, 'processRssBytes'),
    heapUsedBytes: numberOf(row, 'heapUsedBytes'),
    externalBytes: numberOf(row, 'heapExternalBytes'),
    cachesBytes: numberOf(row, 'cachesBytes'),
    job: nameOf(row, 'jobName', note),
    stage: nameOf(row, 'stageName', note),
    constraints: CONSTRAINTS.flatMap((constraint) => constraintOf(row, constraint)),
    enterRatios: enterRatiosOf(member, binding),
  };
}

/** Entered by the monotonic clock; both clocks were read for the row. */
function levelSinceMs(row: Row): number | null {
  const elapsedMs = (row[COL.monotonicMs] ?? Number.NaN) - (row[COL.levelSinceMs] ?? Number.NaN);
  return finite(Math.round((row[COL.wallMs] ?? Number.NaN) - elapsedMs));
}

/** Where elevated, high and critical begin. */
export function enterRatiosOf({ header }: Member, binding: Constraint | null): readonly (number | null)[] {
  const { policy } = header;
  const thresholds = binding === 'budget' ? policy?.budgetThresholds : policy?.thresholds;
  return [0, 1, 2].map((index) => thresholds?.enter[index] ?? null);
}

function constraintOf(row: Row, constraint: Constraint): readonly ApiConstraint[] {
  const utilizationRatio = numberOf(row, `${constraint}UtilizationRatio`);
  if (utilizationRatio === null) return [];
  return [
    {
      constraint,
      usageBytes: numberOf(row, `${constraint}UsageBytes`),
      limitBytes: numberOf(row, `${constraint}LimitBytes`),
      utilizationRatio,
      headroomBytes: numberOf(row, `${constraint}HeadroomBytes`),
      growthBytesPerSecond: numberOf(row, `${constraint}GrowthBytesPerSecond`),
      timeToLimitSeconds: numberOf(row, `${constraint}TimeToLimitSeconds`),
    },
  ];
}
