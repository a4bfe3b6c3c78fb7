/**
 * B4: what a probe tick and a full sample cost, classifying and recording included, three cgroup levels deep.
 * `node test/bench/overhead/tick.ts [--json]`, and as a part of `npm run bench:overhead`.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createMemoryGroup, whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { runNode } from '../../helpers/run-node.ts';
import type { TickFigures } from './apps/ticks.ts';
import { printVerdicts, type Verdict } from './report.ts';

const APP = fileURLToPath(new URL('apps/ticks.ts', import.meta.url));
/** Wide enough that the measured process stays at normal, near enough that probes come several times a second. */
const LIMIT_BYTES = 384 * 2 ** 20;
/** At an interval as short as the shortest pace every tick is a full sample; at a long one nearly all are probes. */
const INTERVALS = { full: '50ms', probe: '60s' } as const;

export interface Ticks {
  readonly where: string;
  readonly full: TickFigures;
  readonly probe: TickFigures;
  readonly verdicts: readonly Verdict[];
}

export async function measureTicks(): Promise<Ticks> {
  const noGroup = whyNoMemoryGroups();
  const group = noGroup === undefined ? createNestedGroup() : undefined;
  try {
    const full = await ticksAt(INTERVALS.full, group?.enter);
    const probe = await ticksAt(INTERVALS.probe, group?.enter);
    const line = (what: string, allowed: number, unit: string, measured: number, against = ''): Verdict => ({
      budget: 'B4',
      what,
      allowed,
      unit,
      measured,
      against,
    });
    return {
      where: noGroup === undefined ? 'three nested cgroup levels' : `the cgroup it was started in (${noGroup})`,
      full,
      probe,
      verdicts: [
        line('probe tick, p50', 5, 'µs', probe.p50Microseconds, 'memoryUsage() 8'),
        line('full sample, p50', 100, 'µs', full.p50Microseconds, 'si.mem() 500'),
        line('full sample, garbage', 4096, 'B', full.garbageBytes),
        line('probe tick, garbage', 4096, 'B', probe.garbageBytes),
        // a tick that kept anything would keep a number at least; what is below is V8's own, spread over 30 000 ticks
        line('retained a tick', 8, 'B', Math.max(full.retainedBytes, probe.retainedBytes)),
      ],
    };
  } finally {
    group?.remove();
  }
}

async function ticksAt(interval: string, enter: string | undefined): Promise<TickFigures> {
  const result = await runNode({
    preload: 'none',
    // a young generation that the counted ticks do not fill, or a collection would hide their garbage
    args: ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16', APP, interval],
    ...(enter === undefined ? {} : { shellBefore: enter }),
    timeoutMs: 60_000,
  });
  if (result.code !== 0) throw new Error(`the ticking program failed\n${result.report}`);
  return JSON.parse(result.stdout) as TickFigures;
}

function createNestedGroup(): { readonly enter: string; remove(): void } {
  const outer = createMemoryGroup(2 * LIMIT_BYTES);
  const middle = `${outer.path}/middle`;
  const inner = `${middle}/inner`;
  mkdirSync(middle);
  mkdirSync(inner);
  const file = outer.version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
  return {
    enter: `echo ${LIMIT_BYTES} > ${inner}/${file}; echo $$ > ${inner}/cgroup.procs`,
    remove() {
      rmdirSync(inner);
      rmdirSync(middle);
      outer.remove();
    },
  };
}

export function printTicks({ where, full, probe }: Ticks): void {
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;
  console.log(`\nTicks in ${where}, limit ${full.cgroupLevels}. Again with: node test/bench/overhead/tick.ts`);
  console.log(
    `full samples: ${percent(full.fullRatio)} of the one run's ticks, ${percent(probe.fullRatio)} of the other's`,
  );
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const ticks = await measureTicks();
  if (values.json) console.log(JSON.stringify(ticks, undefined, 2));
  else {
    printTicks(ticks);
    console.log();
    printVerdicts(ticks.verdicts);
  }
}
