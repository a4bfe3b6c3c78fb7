/** What `plimsoll doctor` found out, as data; `findings.ts` judges it. */
import type { Options } from '../config/options.ts';
import { parseHeapFlags } from '../../instrumentation/sources/old-generation-limit.ts';
import type { Problem } from '../model/problem.ts';
import type { Row } from '../model/row.ts';
import { OLDEST_NODE } from '../model/version.ts';
import { heapFitOf, judgeHeapFit, type HeapFit } from '../postmortem/heap-fit.ts';
import { heapInContainer } from './heap-fit.ts';
import type { DirectoryState, ListenerState, Sensed } from './machine.ts';
import { reading, type Recording } from './recording.ts';

/** Bytes; undefined: unavailable, Infinity: no limit. */
export interface Limits {
  readonly container: number | undefined;
  readonly high: number | undefined;
  readonly swap: number | undefined;
  readonly host: number | undefined;
  readonly budget: number | undefined;
}

/** Another process, seen through its ring file. */
export interface ProcessDiagnosis {
  readonly serviceName: string;
  readonly serviceInstanceId: string;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly heapFlags: readonly string[];
  readonly limits: Limits;
  readonly fit: HeapFit | undefined;
}

export interface Diagnosis {
  readonly node: { readonly version: string; readonly oldest: string; readonly supported: boolean };
  readonly heap: {
    readonly nodeOptions: string;
    readonly hasPercentage: boolean;
    readonly sizeLimitBytes: number | undefined;
  };
  readonly cgroup: Readonly<Record<string, string | number | boolean>>;
  readonly limits: Limits;
  /** What the limit of `fit` is: the container's, the machine's, or the one that was asked about. */
  readonly ceiling: 'container' | 'host' | 'image-limit';
  readonly fit: HeapFit | undefined;
  readonly psi: boolean;
  readonly listener: ListenerState;
  readonly directory: DirectoryState | undefined;
  readonly problems: readonly Problem[];
  readonly degraded: Sensed['degraded'];
  readonly processes: readonly ProcessDiagnosis[];
}

export interface Evidence {
  readonly sensed: Sensed;
  readonly options: Options;
  readonly problems: readonly Problem[];
  readonly listener: ListenerState;
  readonly directory: DirectoryState | undefined;
  /** Live ones. */
  readonly recordings: readonly Recording[];
  readonly nodeVersion: string;
  readonly nodeOptions: string;
  readonly imageLimitBytes: number | undefined;
}

export function diagnose(evidence: Evidence): Diagnosis {
  const { sensed, nodeVersion, nodeOptions, imageLimitBytes } = evidence;
  const { row, facts, degraded } = sensed;
  const limits = limitsOf(row);
  const isContainer = (limits.container ?? Infinity) < (limits.host ?? Infinity);
  const cgroup = facts['cgroup'] ?? {};
  return {
    node: { version: nodeVersion, oldest: OLDEST_NODE.join('.'), supported: isSupported(nodeVersion) },
    heap: {
      nodeOptions,
      hasPercentage: parseHeapFlags([], nodeOptions).hasOldSpacePercentage,
      sizeLimitBytes: reading(row, 'heapSizeLimitBytes'),
    },
    cgroup,
    limits,
    ceiling: imageLimitBytes !== undefined ? 'image-limit' : isContainer ? 'container' : 'host',
    fit: imageLimitBytes === undefined ? heapFitOf(row) : imageFit(imageLimitBytes, nodeOptions, nodeVersion),
    psi: cgroup['psi'] === true,
    listener: evidence.listener,
    directory: evidence.directory,
    problems: evidence.problems,
    degraded,
    processes: evidence.recordings.flatMap(processOf),
  };
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function limitsOf(row: Row): Limits {
  return {
    container: reading(row, 'cgroupLimitBytes'),
    high: reading(row, 'cgroupHighLimitBytes'),
    swap: reading(row, 'cgroupSwapLimitBytes'),
    host: reading(row, 'hostTotalBytes'),
    budget: reading(row, 'budgetLimitOptionBytes'),
  };
}

function imageFit(limitBytes: number, nodeOptions: string, nodeVersion: string): HeapFit {
  return judgeHeapFit(heapInContainer(limitBytes, nodeOptions, Number.parseInt(nodeVersion, 10)), limitBytes);
}

function processOf({ header, record }: Recording): readonly ProcessDiagnosis[] {
  if (record === undefined) return [];
  const { serviceName, serviceInstanceId, pid, nodeVersion, heapFlags } = header.identity;
  const identity = { serviceName, serviceInstanceId, pid, nodeVersion, heapFlags };
  return [{ ...identity, limits: limitsOf(record.row), fit: heapFitOf(record.row) }];
}
