/** Who is asked for how much: a pure calculation. */
import { PRIORITIES } from '../../model/cache.ts';
import type { Candidate } from './candidate.ts';

/** Below this it is asked after the others of its class, and alone: what comes of it then tells whose promise was none. */
const TRUSTED_FROM = 0.75;
/** In parts of the mean value; added to each, so that what is worth nothing does not have to give everything. */
const LEAST_VALUE = 0.1;

/** In the order in which they are asked; those that are never asked are left out. */
export function classesOf(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const classes = PRIORITIES.filter((priority) => priority !== 'never').flatMap((priority) => {
    const ofClass = candidates.filter((candidate) => candidate.priority === priority);
    const trusted = ofClass.filter(({ trust }) => trust >= TRUSTED_FROM);
    const others = ofClass.filter(({ trust }) => trust < TRUSTED_FROM).toSorted((a, b) => b.trust - a.trust);
    return [trusted.toSorted((a, b) => worth(a.valuePerByte) - worth(b.valuePerByte)), ...others.map((one) => [one])];
  });
  return classes.filter((members) => members.length > 0);
}

/**
 * Bytes each member of a class is asked for: by what it holds, more the less its bytes are worth, at most all it holds. They add up to
 * `needBytes`, or to everything there is.
 */
export function shareOut(members: readonly Candidate[], needBytes: number): readonly number[] {
  const shares: number[] = members.map(() => 0);
  if (needBytes <= 0) return shares;
  const known = members.map(({ bytes }) => bytes).filter(isKnown);
  // who does not say what it holds may hold as much as it takes
  const unknownBytes = known.length === 0 ? needBytes : mean(known);
  const weightOf = weightsBy(members, unknownBytes);
  const parts = members
    .map((member, index) => ({
      index,
      mostBytes: isKnown(member.bytes) ? member.bytes : Number.POSITIVE_INFINITY,
      weight: weightOf(member),
    }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => a.mostBytes / a.weight - b.mostBytes / b.weight);
  // the first to be emptied comes first: what it cannot give falls to those after it
  let leftBytes = needBytes;
  let leftWeight = parts.reduce((sum, { weight }) => sum + weight, 0);
  for (const { index, mostBytes, weight } of parts) {
    const share = Math.min(mostBytes, leftBytes * (weight / Math.max(weight, leftWeight)));
    shares[index] = share;
    leftBytes -= share;
    leftWeight -= weight;
  }
  return shares;
}

function weightsBy(members: readonly Candidate[], unknownBytes: number): (member: Candidate) => number {
  const values = members.map(({ valuePerByte }) => valuePerByte).filter(isKnown);
  const meanValue = values.length === 0 ? 0 : mean(values);
  return ({ bytes, valuePerByte }) => {
    const value = isKnown(valuePerByte) && meanValue > 0 ? valuePerByte / meanValue : 1;
    return (isKnown(bytes) ? bytes : unknownBytes) / (value + LEAST_VALUE);
  };
}

function worth(valuePerByte: number): number {
  return isKnown(valuePerByte) ? valuePerByte : 0;
}

function isKnown(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
