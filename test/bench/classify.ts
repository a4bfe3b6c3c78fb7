import { classify, writeVerdict, type Verdict } from '../../agent/classify/index.ts';
import { createPolicy } from '../../agent/config/presets.ts';
import { COL, createRow } from '../../agent/model/row.ts';

/**
 * What one call of the classifier costs: µs, and bytes of garbage (growth of a young generation too large to be collected
 * meanwhile). Run with `node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 test/bench/classify.ts`.
 */

const MIB = 2 ** 20;
const WARM_UP = 50_000;
const CALLS = 50_000;
const ROUNDS = 9;

const STORIES = {
  'heap, container and host, calm': (use: number) => ({ use, limit: 512, stallSeconds: 0 }),
  'the same, over elevated, moving and stalling': (use: number, seconds: number) => ({
    use: 380 + use / 10,
    limit: 512,
    stallSeconds: seconds / 10_000,
  }),
};

const policy = createPolicy({ preset: 'standard' });
for (const [story, shape] of Object.entries(STORIES)) {
  const row = createRow();
  let verdict: Verdict | undefined;
  let seconds = 0;
  const turn = (): void => {
    seconds += 1;
    const { use, limit, stallSeconds } = shape(100 + (seconds % 20), seconds);
    row[COL.monotonicMs] = seconds * 1000.25;
    row[COL.heapOldLimitBytes] = 256 * MIB;
    row[COL.heapOldUsedBytes] = (40 + (seconds % 50)) * MIB;
    row[COL.heapLiveBytes] = 40 * MIB + (seconds % 7);
    row[COL.cgroupLimitBytes] = limit * MIB;
    row[COL.cgroupUsageBytes] = (use + 20) * MIB;
    row[COL.cgroupUnreclaimableBytes] = use * MIB;
    row[COL.cgroupAnonBytes] = use * MIB;
    row[COL.cgroupStallSomeSeconds] = stallSeconds;
    row[COL.cgroupEventsMax] = row[COL.cgroupEventsOom] = row[COL.cgroupEventsOomKill] = 0;
    row[COL.hostTotalBytes] = 16_384 * MIB;
    row[COL.hostAvailableBytes] = 8_000 * MIB + seconds;
    verdict = classify(row, policy, verdict);
    writeVerdict(row, verdict);
  };
  for (let call = 0; call < WARM_UP; call++) turn();
  const micros: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.();
    const heapBytes = process.memoryUsage().heapUsed;
    const startMs = performance.now();
    let calls = 0;
    for (; calls < CALLS / ROUNDS; calls++) turn();
    micros.push(((performance.now() - startMs) * 1000) / calls);
    bytes.push((process.memoryUsage().heapUsed - heapBytes) / calls);
  }
  // The round that the rest of the machine disturbed least.
  console.log(`${story}: ${Math.min(...micros).toFixed(2)} µs, ${Math.min(...bytes).toFixed(0)} bytes a call`);
}
