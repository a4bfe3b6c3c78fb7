/** One program run to its death under a limit, what it died of, and what the agent had last said about it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Constraint, CONSTRAINTS } from '../../../agent/model/constraint.ts';
import type { Row } from '../../../agent/model/row.ts';
import { ensureNode } from '../../../scripts/nodes.ts';
import { createMemoryGroup, type MemoryGroup } from '../../helpers/memory-group.ts';
import { type RunResult, startNode } from '../../helpers/run-node.ts';
import { type Cell, cellKey } from './cells.ts';
import { readRecording, value } from './recording.ts';

/** Pressure must be at least this (budget B10). */
export const PRESSURE_AT_LEAST = 0.9;
/** Far more than any cell needs, under an emulated processor too. */
const TIMEOUT_MS = 120_000;

/**
 * The newest record: what a reader of the ring sees in the last second. It may be older than that, since V8's last
 * collections before it gives up take .1 to 3 s in which nothing runs, and nothing grows either.
 */
export interface LastWords {
  /** How long before the end of the process it was recorded, ms. */
  readonly ageMs: number;
  readonly pressureRatio: number;
  readonly binding: Constraint | undefined;
  /** The ratio that other monitors take: heapUsed ÷ heap_size_limit. */
  readonly heapUsedRatio: number;
}

export interface Death {
  /** Undefined: it ended in another way than the two that are judged. */
  readonly cause: 'heap' | 'container' | undefined;
  /** Undefined: nothing was recorded. */
  readonly last: LastWords | undefined;
  readonly ok: boolean;
  /** Recorded, and of those the ones whose level is the offline oracle's. */
  readonly samples: number;
  readonly agreed: number;
  /** What is needed to look into it: the command, both outputs, what was read. */
  readonly report: string;
}

export interface DeathOptions {
  readonly megabytesPerSecond: number;
  /** Recordings are copied here. */
  readonly keep: string | undefined;
}

export async function runToDeath(cell: Cell, { megabytesPerSecond, keep }: DeathOptions): Promise<Death> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-truth-'));
  const group = createMemoryGroup(cell.containerMebibytes * 2 ** 20);
  try {
    const death = await deathIn(group, directory, cell, megabytesPerSecond);
    if (keep !== undefined) cpSync(directory, join(keep, cellKey(cell).replaceAll(' ', '-')), { recursive: true });
    return death;
  } finally {
    group.remove();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function deathIn(group: MemoryGroup, directory: string, cell: Cell, speed: number): Promise<Death> {
  const program = fileURLToPath(new URL(`programs/${cell.shape}.mjs`, import.meta.url));
  const heapFlags = cell.oldSpaceMebibytes === undefined ? [] : [`--max-old-space-size=${cell.oldSpaceMebibytes}`];
  const running = startNode({
    node: ensureNode(cell.node),
    args: [...heapFlags, program, String(speed)],
    env: { PLIMSOLL_DIR: directory, PLIMSOLL_EXPORTER: 'none', TMPDIR: directory },
    shellBefore: `ulimit -c 0; ${group.enter}`,
    timeoutMs: TIMEOUT_MS,
  });
  let endedWallMs = Number.NaN;
  running.child.once('exit', () => {
    endedWallMs = Date.now();
  });
  running.child.stdin.end();
  const result = await running.ended;

  const cause = causeOf(result, group);
  const recording = readRecording(directory);
  const { rows, agreed } = typeof recording === 'string' ? { rows: [], agreed: 0 } : recording;
  const newest = rows.at(-1);
  const last = newest === undefined ? undefined : lastWordsOf(newest, endedWallMs);
  const ok =
    cause !== undefined && last !== undefined && last.binding === cause && last.pressureRatio >= PRESSURE_AT_LEAST;
  const found = typeof recording === 'string' ? recording : `${rows.length} records; the last: ${JSON.stringify(last)}`;
  return { cause, last, ok, samples: rows.length, agreed, report: `${result.report}\n${found}` };
}

function causeOf({ signal, code, stderr }: RunResult, group: MemoryGroup): Death['cause'] {
  if (signal === 'SIGKILL' && group.oomKills() > 0) return 'container';
  const aborted = signal === 'SIGABRT' || code === 134;
  return aborted && /heap out of memory/i.test(stderr) ? 'heap' : undefined;
}

function lastWordsOf(row: Row, endedWallMs: number): LastWords {
  return {
    ageMs: endedWallMs - value(row, 'wallMs'),
    pressureRatio: value(row, 'pressureRatio'),
    binding: CONSTRAINTS[value(row, 'bindingConstraint')],
    heapUsedRatio: value(row, 'heapUsedBytes') / value(row, 'heapSizeLimitBytes'),
  };
}
