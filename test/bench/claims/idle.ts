/** Idle memory of a service with a cache, after its load has ended. */
import { change, type Claim, megabytes } from './claim.ts';
import { lastTold, run } from './run.ts';

interface Told {
  readonly requests: number;
  readonly hits: number;
  readonly rssBytes: number;
  readonly loadedBytes: number;
  readonly entries: number;
}

interface Service {
  readonly what: string;
  readonly keys: number;
  readonly budgetMebibytes: number;
  readonly wanted: number;
}

const VALUE_BYTES = 50_000;

export async function idleClaims(isShort: boolean): Promise<readonly Claim[]> {
  const services: readonly Service[] = [
    { what: 'idle memory, cache-heavy service', keys: 10_000, budgetMebibytes: 160, wanted: -73 },
    { what: 'idle memory, lean service', keys: 1_400, budgetMebibytes: 90, wanted: -33 },
  ];
  const claims: Claim[] = [];
  for (const service of services) claims.push(await idleClaim(service, isShort));
  return claims;
}

async function idleClaim({ what, keys, budgetMebibytes, wanted }: Service, isShort: boolean): Promise<Claim> {
  const given = { keys, valueBytes: VALUE_BYTES, seconds: isShort ? 8 : 20, idleSeconds: isShort ? 5 : 30 };
  const env = { PLIMSOLL_PROCESS_BUDGET: `${budgetMebibytes}MiB` };
  const before = lastTold(await run<Told>({ program: 'idle', given, isGuarded: false }));
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
    note: `PLIMSOLL_PROCESS_BUDGET=${budgetMebibytes}MiB and registerCache; hit ratio ${hits(before)} -> ${hits(after)}`,
  };
}
