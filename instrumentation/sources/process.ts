/** This process as the kernel counts it: resident and virtual memory, page faults, uptime. */
import { readlinkSync } from 'node:fs';

import { COL, type ReadingName, type Row } from '../../agent/model/row.ts';
import type { Source, Unavailable, World } from '../../agent/model/source.ts';
import { parseNumber } from './decimal.ts';
import { openHeldFile, unavailableCode, type HeldFile } from './held-file.ts';

const READINGS = [
  'processRssBytes',
  'processVirtualBytes',
  'processMinorFaults',
  'processMajorFaults',
  'processUptimeSeconds',
] as const satisfies readonly ReadingName[];

const SPACE = 0x20;
const CLOSING_PARENTHESIS = 0x29;
/** Numbers of the fields of /proc/self/stat, as proc(5) counts them. */
const STATE = 3;
const MINOR_FAULTS = 10;
const MAJOR_FAULTS = 12;

export function createProcessSource(world: World): Source {
  return world.platform === 'linux' ? createProcSource(world) : createPortableSource(world);
}

/**
 * RSS comes from statm and not from stat (which `process.memoryUsage()` reads): since Linux 6.17 statm sums the per-CPU
 * counters and stat does not, which on many CPUs leaves it tens of MB behind.
 */
function createProcSource(world: World): Source {
  const statm = openHeldFile(`${world.root}/proc/self/statm`);
  const stat = openHeldFile(`${world.root}/proc/self/stat`);
  const pageBytes = pageSizeBytes();
  const seen = { pages: Number.NaN, faults: Number.NaN };

  function readResident(row: Row): void {
    const length = statm.read();
    seen.pages = fieldAt(statm.bytes, 0, length, 1);
    row[COL.processRssBytes] = seen.pages * pageBytes;
    row[COL.processVirtualBytes] = parseNumber(statm.bytes, 0, length) * pageBytes;
  }

  function readFaults(row: Row): void {
    const length = stat.read();
    const state = offsetOfState(stat.bytes, length);
    seen.faults = fieldAt(stat.bytes, state, length, MINOR_FAULTS - STATE);
    row[COL.processMinorFaults] = seen.faults;
    row[COL.processMajorFaults] = fieldAt(stat.bytes, state, length, MAJOR_FAULTS - STATE);
  }

  return {
    name: 'process',
    readings: READINGS,
    read(row) {
      readResident(row);
      readFaults(row);
      row[COL.processUptimeSeconds] = process.uptime();
    },
    // Only a budget makes RSS a ceiling of its own.
    ...(world.processBudgetBytes === undefined
      ? {}
      : { probe: readResident, probed: ['processRssBytes', 'processVirtualBytes'] }),
    unavailable: () => [
      ...(Number.isNaN(seen.pages) ? notReadable(statm, 'processRssBytes', 'processVirtualBytes') : []),
      ...(Number.isNaN(seen.faults) ? notReadable(stat, 'processMinorFaults', 'processMajorFaults') : []),
    ],
    facts: () => ({
      pageSizeBytes: pageBytes,
      // where its number means something, and which container it is in: for whoever reads the ring file
      ...namespaceFact(world, 'pidNamespace', 'pid'),
      ...namespaceFact(world, 'mountNamespace', 'mnt'),
      ...fatalReportFacts(),
    }),
    close() {
      statm.close();
      stat.close();
    },
  };
}

/** https://man7.org/linux/man-pages/man7/namespaces.7.html */
function namespaceFact(world: World, fact: string, name: string): Record<string, string> {
  try {
    return { [fact]: readlinkSync(`${world.root}/proc/self/ns/${name}`) };
  } catch {
    return {};
  }
}

/** Where Node.js writes its report when V8 aborts, if the application or its flags asked for one: docs/postmortem.md. */
function fatalReportFacts(): Record<string, string> {
  const { reportOnFatalError, directory, filename } = process.report;
  if (!reportOnFatalError) return {};
  return { fatalReportDirectory: directory === '' ? process.cwd() : directory, fatalReportFile: filename };
}

/** The number that stands `count` blanks after `offset`. */
function fieldAt(bytes: Uint8Array, offset: number, length: number, count: number): number {
  let at = offset;
  for (let left = count; left > 0 && at < length; at += 1) {
    if (bytes[at] === SPACE) left -= 1;
  }
  return parseNumber(bytes, at, length);
}

/** Field 2, the command in parentheses, may hold blanks and parentheses: the last one ends it. `length` when there is none. */
function offsetOfState(bytes: Uint8Array, length: number): number {
  let at = length - 1;
  while (at >= 0 && bytes[at] !== CLOSING_PARENTHESIS) at -= 1;
  return at < 0 ? length : at + 2;
}

/**
 * Node does not tell the page size (4, 16 or 64 KiB), and a process that may not be dumped cannot read its own auxv.
 * The same RSS in bytes and in pages gives it: the nearest power of two, so that a page more or less does not matter.
 */
function pageSizeBytes(): number {
  const file = openHeldFile('/proc/self/statm');
  const length = file.read();
  const pages = fieldAt(file.bytes, 0, length, 1);
  file.close();
  return pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : 4096;
}

function notReadable({ path, error }: HeldFile, ...readings: readonly ReadingName[]): Unavailable[] {
  return readings.map((reading) => ({
    source: 'process',
    reading,
    code: unavailableCode(error),
    detail: `${path}: ${error ?? 'not in the form of proc(5)'}`,
    repair: 'mount /proc',
  }));
}

function createPortableSource({ platform, runtime }: World): Source {
  // PageFaultCount of Windows counts both kinds; libuv hands it on as the major ones.
  const tellsFaultsApart = platform !== 'win32';
  const gaps: readonly Unavailable[] = [
    notHere('processVirtualBytes', `virtual memory is read on Linux only, this is ${platform}`),
    ...(tellsFaultsApart
      ? []
      : (['processMinorFaults', 'processMajorFaults'] as const).map((reading) =>
          notHere(reading, `${platform} counts page faults that waited for a disk together with those that did not`),
        )),
  ];
  return {
    name: 'process',
    readings: READINGS,
    read(row) {
      const faults = runtime.pageFaults();
      row[COL.processRssBytes] = runtime.residentBytes();
      row[COL.processVirtualBytes] = Number.NaN;
      row[COL.processMinorFaults] = tellsFaultsApart ? faults.minorPageFault : Number.NaN;
      row[COL.processMajorFaults] = tellsFaultsApart ? faults.majorPageFault : Number.NaN;
      row[COL.processUptimeSeconds] = runtime.uptimeSeconds();
    },
    unavailable: () => gaps,
    facts: fatalReportFacts,
    close() {},
  };
}

function notHere(reading: ReadingName, detail: string): Unavailable {
  return { source: 'process', reading, code: 'platform', detail, repair: 'none: nothing depends on it' };
}
