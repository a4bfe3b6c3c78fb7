/**
 * `node scripts/record-platform.ts [FILE]`: what Node.js tells on this machine, as a fixture of test/fixtures/platforms: everything the
 * sources ask for, at several moments of a small load. Numbers and versions; no name of a person, a host or a path.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { freemem, release, version } from 'node:os';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { nodeRuntime } from '../instrumentation/sources/runtime.ts';

/** What the sources look for on Linux. */
const LINUX_PATHS = [
  '/proc/self/stat',
  '/proc/self/statm',
  '/proc/self/cgroup',
  '/proc/self/mountinfo',
  '/proc/meminfo',
  '/sys/fs/cgroup',
  '/dev/urandom',
];

interface Collection {
  readonly kind: string;
  readonly durationMs: number;
}

const KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const errors: string[] = [];

/** What the call answers; what it throws is part of the recording. */
function asked<T>(call: string, ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    errors.push(`${call}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`);
    return undefined;
  }
}

function moment(what: string) {
  return {
    what,
    heapStatistics: asked('heapStatistics', nodeRuntime.heapStatistics),
    heapSpaceStatistics: asked('heapSpaceStatistics', nodeRuntime.heapSpaceStatistics),
    memoryUsage: asked('memoryUsage', nodeRuntime.memoryUsage),
    residentBytes: asked('residentBytes', nodeRuntime.residentBytes),
    pageFaults: asked('pageFaults', nodeRuntime.pageFaults),
    uptimeSeconds: asked('uptimeSeconds', nodeRuntime.uptimeSeconds),
    totalMemoryBytes: asked('totalMemoryBytes', nodeRuntime.totalMemoryBytes),
    freeMemoryBytes: asked('freeMemoryBytes', freemem),
    availableMemoryBytes: asked('availableMemoryBytes', nodeRuntime.availableMemoryBytes),
    constrainedMemoryBytes: asked('constrainedMemoryBytes', nodeRuntime.constrainedMemoryBytes),
  };
}

async function momentsOfALoad() {
  const moments = [moment('at the start')];
  let objects: object[] = Array.from({ length: 400_000 }, (_, i) => ({ i }));
  moments.push(moment(`with ${objects.length} objects`));
  collect();
  moments.push(moment('after a major collection'));
  let buffer = Buffer.alloc(64 * 2 ** 20, 1);
  moments.push(moment(`with a Buffer of ${buffer.length} bytes`));
  objects = [];
  buffer = Buffer.alloc(0);
  collect();
  await sleep(500); // the allocator gives back, and the observer hears of the collections
  moments.push(moment('half a second after all of it was let go'));
  return moments;
}

async function record() {
  const collections: Collection[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as { detail?: { kind?: number } }).detail ?? {};
      collections.push({ kind: KINDS.get(kind ?? -1) ?? String(kind), durationMs: entry.duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const moments = await momentsOfALoad();
  observer.disconnect();
  const { node, v8, uv } = process.versions;
  return {
    platform: process.platform,
    arch: process.arch,
    osRelease: release(),
    osVersion: version(),
    provenance: { where: 'scripts/record-platform.ts', licence: 'Apache-2.0', what: 'Recorded by this project.' },
    versions: { node, v8, uv },
    execArgv: process.execArgv,
    paths: Object.fromEntries(LINUX_PATHS.map((path) => [path, existsSync(path)])),
    collections,
    moments,
    errors,
  };
}

const text = `${JSON.stringify(await record(), undefined, 2)}\n`;
const file = process.argv[2];
if (file === undefined) process.stdout.write(text);
else writeFileSync(file, text);
