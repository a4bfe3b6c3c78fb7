/** The machine's memory: what MemAvailable says can still be had, not what is free. */
import { COL, type ReadingName } from '../../agent/model/row.ts';
import type { Runtime, Source, Unavailable, World } from '../../agent/model/source.ts';
import { asciiBytes, valuesByKey } from './decimal.ts';
import { openHeldFile, unavailableCode } from './held-file.ts';

const READINGS = [
  'hostTotalBytes',
  'hostAvailableBytes',
  'hostSwapTotalBytes',
  'hostSwapFreeBytes',
] as const satisfies readonly ReadingName[];
/** In the order of READINGS. */
const MEMINFO_KEYS = ['MemTotal:', 'MemAvailable:', 'SwapTotal:', 'SwapFree:'] as const;

export function createHostSource(world: World): Source {
  return world.platform === 'linux' ? createMeminfoSource(world) : createPortableSource(world);
}

function createMeminfoSource(world: World): Source {
  const file = openHeldFile(`${world.root}/proc/meminfo`);
  const keys = MEMINFO_KEYS.map(asciiBytes);
  const kibibytes = new Float64Array(keys.length).fill(Number.NaN);

  return {
    name: 'host',
    readings: READINGS,
    read(row) {
      // −1 is a length like 0: no key is found.
      const length = file.read();
      valuesByKey(file.bytes, length, keys, kibibytes);
      for (let i = 0; i < READINGS.length; i += 1) {
        row[COL[READINGS[i] ?? 'hostTotalBytes']] = (kibibytes[i] ?? Number.NaN) * 1024;
      }
    },
    unavailable() {
      return READINGS.flatMap((reading, i): Unavailable[] =>
        Number.isNaN(kibibytes[i])
          ? [
              {
                source: 'host',
                reading,
                code: unavailableCode(file.error),
                detail: `${file.path}: ${file.error ?? `no ${MEMINFO_KEYS[i]}`}`,
                repair: 'mount /proc',
              },
            ]
          : [],
      );
    },
    facts: () => ({}),
    close: () => file.close(),
  };
}

function createPortableSource({ platform, runtime }: World): Source {
  const countsReclaimable = availableCountsReclaimable(platform, runtime.versions.uv);
  const gaps: readonly Unavailable[] = [
    ...(countsReclaimable ? [] : [noAvailable(platform, runtime)]),
    ...(['hostSwapTotalBytes', 'hostSwapFreeBytes'] as const).map((reading) => ({
      source: 'host',
      reading,
      code: 'platform' as const,
      detail: `swap is read on Linux only, this is ${platform}`,
      repair: 'none: nothing depends on it',
    })),
  ];
  return {
    name: 'host',
    readings: READINGS,
    read(row) {
      row[COL.hostTotalBytes] = runtime.totalMemoryBytes();
      row[COL.hostAvailableBytes] = countsReclaimable ? runtime.availableMemoryBytes() : Number.NaN;
      row[COL.hostSwapTotalBytes] = Number.NaN;
      row[COL.hostSwapFreeBytes] = Number.NaN;
    },
    unavailable: () => gaps,
    facts: () => ({}),
    close() {},
  };
}

/**
 * Free memory is no measure: an idle Mac of 32 GB was seen with 23 MB free and 11.9 GB available. Windows tells what is
 * available; of macOS libuv does from 1.52 on (libuv/libuv#4908), before that it tells what is free, as on the BSDs.
 */
function availableCountsReclaimable(platform: NodeJS.Platform, uvVersion: string): boolean {
  if (platform !== 'darwin') return platform === 'win32';
  const [major = 0, minor = 0] = uvVersion.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 52);
}

function noAvailable(platform: NodeJS.Platform, { versions }: Runtime): Unavailable {
  const canBeHad = platform === 'darwin';
  return {
    source: 'host',
    reading: 'hostAvailableBytes',
    code: 'platform',
    detail: `libuv ${versions.uv} on ${platform} tells free memory, without what the system can take back`,
    repair: canBeHad ? 'run a Node.js with libuv 1.52 or newer: 24 or 26' : 'none: set PLIMSOLL_PROCESS_BUDGET instead',
  };
}
