/** What was done, or would be, in a line for a person. */
import type { ReclaimOutcome } from '../../model/reclaim.ts';
import type { Candidate } from './candidate.ts';
import { classesOf, shareOut } from './shares.ts';

const MIB = 2 ** 20;
/** So many are named; an event is a line. */
const MAX_NAMED = 5;

export interface Planned {
  readonly name: string;
  readonly bytes: number;
}

/** Who would be asked if each kept its promise. */
export function plannedShares(candidates: readonly Candidate[], needBytes: number): readonly Planned[] {
  const planned: Planned[] = [];
  let leftBytes = needBytes;
  for (const members of classesOf(candidates)) {
    if (leftBytes < 1) break;
    for (const [index, bytes] of shareOut(members, leftBytes).entries()) {
      const member = members[index];
      if (member === undefined || bytes < 1) continue;
      planned.push({ name: member.name, bytes });
      leftBytes -= bytes * member.trust;
    }
  }
  return planned;
}

/** To be read after "would". */
export function describePlan(shares: readonly Planned[], collectionMs: number | undefined): string {
  const parts: string[] = [];
  if (shares.length > 0) parts.push(`ask ${list(shares.map(({ name, bytes }) => `${name} for ${mib(bytes)}`))}`);
  if (collectionMs !== undefined) parts.push(`collect garbage (about ${Math.round(collectionMs)} ms)`);
  return parts.join(' and ');
}

export function describeOutcome(outcome: Omit<ReclaimOutcome, 'detail'>, note: string): string {
  const { shares, promisedBytes, freedBytes, returnedBytes, collections, collectionMs } = outcome;
  const parts: string[] = [];
  const giving = shares.filter((share) => share.promisedBytes > 0);
  if (giving.length > 0) parts.push(list(giving.map((share) => `${share.name} gave ${mib(share.promisedBytes)}`)));
  if (collections > 0) {
    const times = collections === 1 ? 'a collection' : `${collections} collections`;
    parts.push(`${times} of ${Math.round(collectionMs)} ms freed ${mib(freedBytes)}`);
    if (returnedBytes > 0) parts.push(`${mib(returnedBytes)} went back to the kernel`);
  } else if (promisedBytes > 0) {
    parts.push(`${mib(promisedBytes)} are free at the next collection`);
  }
  for (const { name, trouble } of shares) if (trouble !== '') parts.push(`${name} ${trouble}`);
  if (note !== '') parts.push(note);
  return parts.length === 0 ? 'there was nothing to give back' : parts.join('; ');
}

function list(words: readonly string[]): string {
  const left = words.length - MAX_NAMED;
  return left > 0 ? `${words.slice(0, MAX_NAMED).join(', ')} and ${left} more` : words.join(', ');
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
