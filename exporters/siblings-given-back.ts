/**
 * What memory was given back in a sibling, in the message with its row. A version that does not know it leaves it out, or ignores it; then
 * nothing is told of that process's caches.
 */
import { isList, isText, type Message } from '../agent/model/message.ts';
import { boundedSums } from '../agent/model/metric.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { readAccounts } from '../agent/model/read-accounts.ts';

type GivenBack = Pick<Snapshot, 'caches' | 'cacheAccounts' | 'reclaimed' | 'shed' | 'adaptives'>;

/** More than any tier of the metrics tells. */
const MAX_NAMES = 16;

/** JSON; the sums are bounded here, so that what has no room still counts. */
export function givenBackOf({ cacheAccounts, reclaimed, shed, adaptives }: Snapshot): Message {
  const promised = reclaimed.map(({ reclaimer, promisedBytes }) => [reclaimer, promisedBytes] as const);
  const freed = reclaimed.map(({ reclaimer, freedBytes }) => [reclaimer, freedBytes] as const);
  const refused = shed.map(({ point, count }) => [point, count] as const);
  return {
    caches: cacheAccounts,
    promised: boundedSums(promised, MAX_NAMES),
    freed: boundedSums(freed, MAX_NAMES),
    shed: boundedSums(refused, MAX_NAMES),
    adaptives: adaptives.slice(0, MAX_NAMES).map(({ name, value }) => [name, value]),
  };
}

export function readGivenBack({ caches, promised, freed, shed, adaptives }: Message): GivenBack {
  const freedBytes = new Map(pairs(freed));
  return {
    caches: [],
    cacheAccounts: readAccounts(caches),
    reclaimed: pairs(promised).map(([reclaimer, promisedBytes]) => ({
      reclaimer,
      promisedBytes,
      freedBytes: freedBytes.get(reclaimer) ?? 0,
    })),
    shed: pairs(shed).map(([point, count]) => ({ point, count })),
    adaptives: pairs(adaptives).map(([name, value]) => ({ name, value })),
  };
}

function pairs(value: unknown): readonly (readonly [string, number])[] {
  return (isList(value, MAX_NAMES) ? value : []).flatMap((entry) => {
    if (!isList(entry, 2)) return [];
    const [name, number] = entry;
    return isText(name) && typeof number === 'number' ? [[name, number] as const] : [];
  });
}
