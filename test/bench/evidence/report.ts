/** The deaths as tables, for people. */
import { loadavg } from 'node:os';

import { median, printTable } from '../overhead/report.ts';
import { isRight, needsNoReport, promises, reliability } from './judge.ts';
import { type Case, FINDERS } from './scene.ts';
import { WAYS } from './ways.ts';

/** Whether every promise is kept. */
export function print(cases: readonly Case[]): boolean {
  printTable(
    ['way to die', 'cgroup', 'runs', ...FINDERS.flatMap((finder) => [finder, 'right']), 'age ms', 'oldest'],
    ([1, 2] as const).flatMap((version) =>
      WAYS.flatMap(({ name }) => {
        const own = cases.filter((one) => one.way === name && one.version === version);
        return own.length === 0 ? [] : [lineOf(name, version, own)];
      }),
    ),
    2,
  );
  console.log(`\nload average ${loadavg()[0]?.toFixed(1)}; cgroup v2 in an emulated machine, some ten times slower`);
  printLatencies(cases);
  console.log('\nof inferred verdicts, by the confidence that was told:');
  for (const { from, right, of } of reliability(cases)) {
    console.log(`  ${from.toFixed(1)}–${(from + 0.1).toFixed(1)}: ${right} of ${of} right`);
  }
  console.log('');
  const kept = promises(cases);
  printTable(
    ['promise', 'measured', ''],
    kept.map((promise) => [promise.what, promise.measured, promise.kept ? 'kept' : 'NOT KEPT']),
    3,
  );
  return kept.every((promise) => promise.kept);
}

function lineOf(name: string, version: 1 | 2, cases: readonly Case[]): readonly string[] {
  const agesMs = cases.flatMap(({ lastAgeMs }) => lastAgeMs ?? []);
  return [
    name,
    `v${version}`,
    String(cases.length),
    ...FINDERS.flatMap((finder) => verdictsOf(cases.filter((one) => one.finder === finder))),
    median(agesMs).toFixed(0),
    Math.max(...agesMs).toFixed(0),
  ];
}

/** What was said most often and how, and how many were right. */
function verdictsOf(cases: readonly Case[]): readonly [string, string] {
  if (cases.length === 0) return ['', ''];
  const said = cases.map((one) =>
    one.found === undefined ? 'nothing' : `${one.found.cause} ${one.found.evidence === 'observed' ? 'obs' : 'inf'}`,
  );
  const words = [...new Set(said)].map((word) => {
    const count = said.filter((one) => one === word).length;
    return count === said.length ? word : `${word} ${count}`;
  });
  const right = cases.filter((one) => isRight(one) || (one.found === undefined && needsNoReport(one))).length;
  return [words.join(', '), `${right}/${cases.length}`];
}

function printLatencies(cases: readonly Case[]): void {
  console.log('\ntime until the post-mortem was there, ms (successors: from their own start):');
  for (const version of [1, 2] as const) {
    for (const finder of FINDERS) {
      const took = cases
        .filter((one) => one.finder === finder && one.version === version)
        .flatMap(({ found }) => found?.afterMs ?? []);
      if (took.length === 0) continue;
      console.log(
        `  v${version} ${finder}: median ${median(took).toFixed(0)}, longest ${Math.max(...took).toFixed(0)}`,
      );
    }
  }
}
