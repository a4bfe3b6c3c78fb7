/** The machine's memory: what MemAvailable says can still be had, not what is free. */
import { freemem, totalmem } from 'node:os';

import { COL, type ReadingName } from '../../agent/model/row.ts';
import type { Source, Unavailable, World } from '../../agent/model/source.ts';
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

function createPortableSource(world: World): Source {
  return {
    name: 'host',
    readings: READINGS,
    read(row) {
      row[COL.hostTotalBytes] = totalmem();
      row[COL.hostAvailableBytes] = freemem();
      row[COL.hostSwapTotalBytes] = Number.NaN;
      row[COL.hostSwapFreeBytes] = Number.NaN;
    },
    unavailable() {
      return (['hostSwapTotalBytes', 'hostSwapFreeBytes'] as const).map((reading) => ({
        source: 'host',
        reading,
        code: 'platform',
        detail: `swap is read on Linux only, this is ${world.platform}`,
        repair: 'none: nothing depends on it',
      }));
    },
    facts: () => ({}),
    close() {},
  };
}
