/** What a program tells the benchmark: a line of JSON for each thing. */
import { writeSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';

const majors = { count: 0, totalMs: 0, longestMs: 0, forced: 0, forcedMs: 0, longestForcedMs: 0 };

/** @param {import('node:perf_hooks').PerformanceEntry[]} entries */
function count(entries) {
  for (const { detail, duration } of entries) {
    if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
    majors.count += 1;
    majors.totalMs += duration;
    majors.longestMs = Math.max(majors.longestMs, duration);
    if ((detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) continue;
    majors.forced += 1;
    majors.forcedMs += duration;
    majors.longestForcedMs = Math.max(majors.longestForcedMs, duration);
  }
}
const observer = new PerformanceObserver((list) => count(list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

/** At once: a process that is killed has said it. @param {object} line */
export function tell(line) {
  count(observer.takeRecords());
  writeSync(1, `${JSON.stringify({ ...line, majors })}\n`);
}

/** Tells what `read` answers four times a second, beside the work. @param {() => object} read */
export function tellProgress(read) {
  setInterval(() => tell(read()), 250).unref();
}

/** The benchmark looks at what the process says of itself, then lets it go. @param {object} line */
export async function finish(line) {
  tell({ ...line, done: true });
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  process.exit(0);
}
