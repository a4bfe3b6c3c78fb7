/**
 * From `high` on a verdict of at most 1 kB in an empty /dev/termination-log, which the kubelet shows as the container's message
 * (https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/). What somebody else wrote there stays.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

import type { Assessment } from './model/assessment.ts';
import { levelName } from './model/level.ts';
import { bytesText, durationText, ratioText } from './model/quantity.ts';
import { COL, type ColumnName, type Row } from './model/row.ts';
import type { Snapshot } from './model/snapshot.ts';

export interface LastWordsParts {
  /** '/dev/termination-log' */
  readonly path: string;
  snapshot(): Snapshot;
}

export interface LastWords {
  /** At each sample; costs nothing below `high`. Never throws. */
  observe(assessment: Assessment, row: Row): void;
  /** Takes it back: the process ends without having died of memory. */
  clear(): void;
}

const HIGH = 2;
const WRITE_INTERVAL_MS = 1_000;
/** Outside of Kubernetes the file is not there. */
const LOOK_INTERVAL_MS = 60_000;
const MAX_BYTES = 1024;
/** What begins so is ours, or that of another process of this container. */
const OURS = 'plimsoll: ';
const MOST_CACHES = 3;

export function createLastWords({ path, snapshot }: LastWordsParts): LastWords {
  let nextMs = Number.NEGATIVE_INFINITY;
  let written = '';

  /** Nothing follows a link that somebody laid there, and no pipe or device blocks. */
  function withFile(use: (fd: number, content: string) => void): boolean {
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      if (!fstatSync(fd).isFile()) return false;
      const bytes = Buffer.alloc(MAX_BYTES + 1);
      use(fd, bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)));
      return true;
    } catch {
      return false; // not there, read-only, or full: nobody else is told by it
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  function write(text: string): boolean {
    return withFile((fd, content) => {
      if (content !== '' && !content.startsWith(OURS)) return;
      // so that whoever dies between the two leaves words
      ftruncateSync(fd, writeSync(fd, text, 0));
      written = text;
    });
  }

  function clear(): void {
    if (written === '') return;
    const ours = written;
    written = '';
    withFile((fd, content) => {
      if (content === ours) ftruncateSync(fd, 0);
    });
  }

  return {
    observe(assessment, row) {
      const { level, atMs } = assessment;
      if (level === 0) clear();
      if (level < HIGH || atMs < nextMs) return;
      const isThere = write(wordsOf(assessment, row, snapshot()));
      nextMs = atMs + (isThere ? WRITE_INTERVAL_MS : LOOK_INTERVAL_MS);
    },
    clear,
  };
}

function wordsOf(assessment: Assessment, row: Row, { identity, caches }: Snapshot): string {
  const { level, binding = 'memory', pressureRatio, headroomBytes, timeToLimitSeconds } = assessment;
  const number = (column: ColumnName): number => row[COL[column]] ?? Number.NaN;
  const time = new Date(number('wallMs')).toISOString();
  const left = headroomBytes === undefined ? '' : `, ${bytesText(Math.max(0, headroomBytes))} left`;
  const limit = timeToLimitSeconds === undefined ? '' : `, limit in about ${durationText(timeToLimitSeconds)}`;
  const largest = caches
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_CACHES)
    .map(({ name, bytes }) => `${name.slice(0, 60)} ${bytesText(bytes)}`);
  const sentences = [
    `${OURS}${identity.serviceName.slice(0, 100)} (${identity.process}) was at level ${levelName(level)} at ${time}: ${binding} at ${ratioText(pressureRatio)} of its limit${left}${limit}.`,
    `RSS ${bytesText(number('processRssBytes'))}, heap ${bytesText(number('heapUsedBytes'))} of ${bytesText(number('heapSizeLimitBytes'))}, external ${bytesText(number('heapExternalBytes'))}.`,
    ...(largest.length === 0 ? [] : [`Largest caches: ${largest.join(', ')}.`]),
    ...(Number.isNaN(number('drillLevel')) ? [] : ['A drill asked for this level.']),
    'If the container ended right after this, memory is the likely cause.',
  ];
  return withinBytes(sentences.join(' '));
}

/** Never a part of a character. */
function withinBytes(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_BYTES ? text : bytes.toString('utf8', 0, MAX_BYTES).replace(/\uFFFD+$/, '');
}
