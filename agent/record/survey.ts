/** What lies in a folder of ring files: whose process lives, whose is dead, and whether somebody said why. */
import { closeSync, openSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { instanceStartMs, RING_EXTENSION } from './instance-id.ts';
import {
  claims,
  createBlock,
  END_DOUBLE,
  END_MARK_BYTES,
  HEADER,
  KIND,
  MAGIC_WORDS,
  MAX_HEADER_BYTES,
} from './layout.ts';
import { readFully } from './read-fully.ts';

/** `<instanceId>.death.json`: the post-mortem of a process, written once. */
export const REPORT_EXTENSION = '.death.json';
/** The control socket. */
export const SOCKET_EXTENSION = '.sock';

/**
 * `live`: nothing says that its process ended. `clean`: it ended by itself with exit code 0. `reported`: somebody told its death.
 * `unexplained`: its process is gone, and nobody said why yet.
 */
export type RingFate = 'live' | 'clean' | 'reported' | 'unexplained';

export interface SurveyedRing {
  readonly instanceId: string;
  readonly path: string;
  readonly fate: RingFate;
  /** What it takes of the disk; a live one: what it will take. */
  readonly bytes: number;
  /** Since the last write, ms. */
  readonly idleMs: number;
}

export interface Survey {
  /** Oldest start first. */
  readonly rings: readonly SurveyedRing[];
  /** Instances of which there is a report, oldest first. */
  readonly reports: readonly string[];
  /** Infinity: the file system does not tell. */
  readonly freeBytes: number;
}

/** Twice the longest interval between two samples: what was silent for so long is dead, or stopped in a debugger. */
const SILENT_MS = 2 * 60 * 1000;
/** `stat.blocks` counts these. */
const BLOCK_BYTES = 512;

/** Throws what the file system throws; a folder that is not there is empty. */
export function surveyRings(directory: string, nowMs: number): Survey {
  const names = namesIn(directory);
  const reported = idsOf(names, REPORT_EXTENSION);
  const isReported = new Set(reported);
  const rings = idsOf(names, RING_EXTENSION).flatMap(
    (instanceId) => surveyed(directory, instanceId, isReported.has(instanceId), nowMs) ?? [],
  );
  return { rings, reports: reported, freeBytes: freeBytesOf(directory) };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function idsOf(names: readonly string[], extension: string): readonly string[] {
  return names
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .filter((instanceId) => instanceStartMs(instanceId) !== undefined);
}

/** undefined: gone meanwhile, or no file. */
function surveyed(directory: string, instanceId: string, isReported: boolean, nowMs: number): SurveyedRing | undefined {
  const path = join(directory, instanceId + RING_EXTENSION);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return undefined;
  const idleMs = nowMs - stat.mtimeMs;
  const fate = isReported ? 'reported' : fateOf(path, idleMs);
  // some file systems tell no blocks
  const heldBytes = Math.min(stat.size, (stat.blocks || Infinity) * BLOCK_BYTES);
  const bytes = fate === 'live' ? stat.size : heldBytes;
  return { instanceId, path, fate, bytes, idleMs };
}

function fateOf(path: string, idleMs: number): RingFate {
  const exitCode = exitCodeOf(path);
  if (exitCode === 0 || Number.isNaN(exitCode)) return 'clean'; // or the agent was switched off
  return exitCode === undefined && idleMs < SILENT_MS ? 'live' : 'unexplained';
}

/** undefined: it did not say, or the file cannot be read. */
function exitCodeOf(path: string): number | undefined {
  try {
    const fd = openSync(path, 'r');
    const exitCode = endMarkOf(fd);
    closeSync(fd);
    return exitCode;
  } catch {
    return undefined;
  }
}

/** By the end mark, without its proof. */
function endMarkOf(fd: number): number | undefined {
  const start = createBlock(4 * HEADER.jsonBytes);
  readFully(fd, start.bytes, 0);
  const headerBytes = start.words[HEADER.headerBytes] as number;
  if (start.words[0] !== MAGIC_WORDS[0] || headerBytes > MAX_HEADER_BYTES) return undefined;
  const mark = createBlock(END_MARK_BYTES);
  readFully(fd, mark.bytes, headerBytes);
  const nonce = [start.words[HEADER.nonce] as number, start.words[HEADER.nonce + 1] as number] as const;
  return claims(mark.words, 0, KIND.end, nonce) ? mark.doubles[END_DOUBLE.exitCode] : undefined;
}

function freeBytesOf(directory: string): number {
  try {
    const { bavail, bsize, blocks } = statfsSync(directory);
    return blocks === 0 ? Infinity : bavail * bsize;
  } catch {
    return Infinity;
  }
}
