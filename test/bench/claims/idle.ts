/** Idle memory of a service with a cache, after its load has ended. */
import type { ReclaimOutcome } from '../../../agent/index.ts';
import { change, type Claim, megabytes } from './claim.ts';
import { lastTold, run } from './run.ts';

interface Told {
  readonly requests: number;
  readonly hits: number;
  readonly rssBytes: number;
  readonly entriesLoaded: number;
  readonly entries: number;
  readonly outcome?: ReclaimOutcome;
}

interface Service {
  readonly what: string;
  readonly shape: 'objects' | 'buffers';
  readonly keys: number;
  readonly env: Readonly<Record<string, string>>;
  /** Part of its memory. */
  readonly givenBack: number;
  readonly wanted: number;
}

const VALUE_BYTES = 50_000;

export async function idleClaims(isShort: boolean): Promise<readonly Claim[]> {
  const services: readonly Service[] = [
    { what: 'idle memory, cache-heavy service', shape: 'objects', keys: 10_000, givenBack: 0.5, env: {}, wanted: -73 },
    { what: 'idle memory, lean service', shape: 'objects', keys: 1_400, givenBack: 0.22, env: {}, wanted: -33 },
    // glibc keeps freed Buffers of less than 128 kB for the next ones; told to map them one by one, it gives them back
    {
      what: 'the same with Buffers of 50 kB, MALLOC_MMAP_THRESHOLD_=32768',
      shape: 'buffers',
      keys: 10_000,
      givenBack: 0.75,
      env: { MALLOC_MMAP_THRESHOLD_: '32768' },
      wanted: -73,
    },
  ];
  const claims: Claim[] = [];
  for (const service of services) claims.push(await idleClaim(service, isShort));
  return claims;
}

async function idleClaim({ what, shape, keys, env, givenBack, wanted }: Service, isShort: boolean): Promise<Claim> {
  const times = isShort ? { seconds: 8, idleSeconds: 3 } : { seconds: 20, idleSeconds: 30 };
  const given = { shape, keys, valueBytes: VALUE_BYTES, givenBack, ...times };
  const before = lastTold(await run<Told>({ program: 'idle', given, isGuarded: false, env }));
  const after = lastTold(await run<Told>({ program: 'idle', given, isGuarded: true, env }));
  const hits = (told: Told): string => (told.hits / told.requests).toFixed(2);
  return {
    what,
    before: megabytes(before.rssBytes),
    after: megabytes(after.rssBytes),
    measured: change(before.rssBytes, after.rssBytes),
    wanted,
    unit: '%',
    is: 'at most',
    note: `registerCache, and monitor.reclaim of ${givenBack * 100} % when idle: ${after.entries} of ${after.entriesLoaded} entries stay, ${after.outcome?.detail ?? ''}; hits under load ${hits(before)} and ${hits(after)}`,
  };
}
