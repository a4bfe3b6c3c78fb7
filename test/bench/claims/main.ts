/**
 * `npm run bench:claims [-- --short] [--only idle|large|times|sampling] [--json]`: the claims of the original design, each built with and
 * without Plimsoll in one run. Ratios count, absolute times on a shared machine do not. `--short` has smaller inputs and says so.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { printTable, rounded, signed } from '../overhead/report.ts';
import { type Claim, isReached } from './claim.ts';
import { idleClaims } from './idle.ts';
import { largeClaims } from './large.ts';
import { samplingClaim, timeClaims } from './small.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

process.once('SIGINT', () => process.exit(130)); // the groups and inputs are taken away at exit
const claims: Claim[] = [];
const parts: readonly { readonly name: string; readonly build: () => Promise<readonly Claim[]> }[] = [
  { name: 'idle', build: () => idleClaims(options.short) },
  { name: 'large', build: () => large() },
  { name: 'times', build: () => timeClaims(options.short) },
  { name: 'sampling', build: () => sampling() },
];
for (const { name, build } of parts) {
  if (options.only !== undefined && options.only !== name) continue;
  try {
    claims.push(...(await build()));
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
if (options.json) console.log(JSON.stringify(claims, undefined, 2));
else print();

async function large(): Promise<readonly Claim[]> {
  const why = whyNoMemoryGroups();
  if (why === undefined) return await largeClaims(options.short);
  console.log(`large inputs are skipped, their containers must be real: ${why}`);
  return [];
}

async function sampling(): Promise<readonly Claim[]> {
  const claim = await samplingClaim();
  if (claim === undefined) console.log('sampling is not measured: python3-psutil is not installed');
  return claim === undefined ? [] : [claim];
}

function print(): void {
  console.log(`${options.short ? 'short form, small inputs; ' : ''}load average ${loadavg()[0]?.toFixed(1)}\n`);
  printTable(
    ['claim', 'before', 'after', 'wanted', 'measured', '', 'how'],
    claims.map((claim) => [
      claim.what,
      claim.before,
      claim.after,
      figure(claim.wanted, claim.unit),
      figure(claim.measured, claim.unit),
      isReached(claim) ? 'reached' : 'NOT REACHED',
      claim.note,
    ]),
    7,
  );
}

function figure(value: number, unit: Claim['unit']): string {
  return unit === '%' ? `${signed(value)} %` : `${rounded(value)} ${unit}`;
}
