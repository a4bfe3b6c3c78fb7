/** Every kind of evidence, and what it makes of a death. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { DeathCause, DeathEvidence } from '../../../agent/model/postmortem.ts';
import { investigate } from '../../../agent/postmortem/index.ts';
import { found, MIB, type Life } from './found-death.ts';

const signal = (name: string): Life['ending'] => ({ code: null, signal: name });
const code = (number: number): Life['ending'] => ({ code: number, signal: null });
const KILLED_BY_KERNEL = { oomKillsAfter: 3 };
const KILLED_BY_NOBODY = { oomKillsAfter: 2 };
const OOM_REPORT = {
  fatalReport: {
    path: '/tmp/report.json',
    trigger: 'OOMError',
    event: 'Allocation failed - JavaScript heap out of memory',
  },
};

/** 400 MB/s into a container with 8 MiB left. */
const FILLING: Life = {
  last: { level: 3, cgroupUnreclaimableBytes: 248 * MIB, pressureRatio: 0.97 },
  growth: { cgroupUnreclaimableBytes: 400 * MIB },
};
/** .94 of it, and still. */
const FULL_AND_STILL: Life = { last: { level: 3, cgroupUnreclaimableBytes: 241 * MIB, pressureRatio: 0.94 } };
const HEAP_FILLING: Life = {
  last: { level: 3, bindingConstraint: 0, heapOldUsedBytes: 122 * MIB, heapOldPagesBytes: 126 * MIB },
  growth: { heapOldUsedBytes: 60 * MIB, heapOldPagesBytes: 60 * MIB },
};
const HEAP_HALF_AND_GROWING: Life = {
  last: { heapOldUsedBytes: 60 * MIB, heapOldPagesBytes: 62 * MIB },
  growth: { heapOldUsedBytes: 50 * MIB, heapOldPagesBytes: 50 * MIB },
};
const NO_SAMPLE: Life = { rows: [] };

type Case = readonly [name: string, life: Life, cause: DeathCause, evidence: DeathEvidence, because: RegExp];

const CASES: readonly Case[] = [
  // the process's own word
  ['exit code 0', { exitCode: 0 }, 'exit', 'observed', /by itself with exit code 0: its recording/],
  ['exit code 0 with everything full', { ...FILLING, exitCode: 0 }, 'exit', 'observed', /exit code 0/],
  ['exit code 1', { exitCode: 1 }, 'crash', 'observed', /exit code 1/],
  [
    'a failure in a full container',
    { ...FULL_AND_STILL, exitCode: 1 },
    'crash',
    'observed',
    /container: 241 MiB of 256 MiB/,
  ],
  ['a SIGTERM that was handled', { exitCode: 143 }, 'exit', 'observed', /asked to end says so/],
  [
    'a worker thread that was full',
    { exitCode: 1, last: { workerUsedBytes: 60 * MIB, workerOldLimitBytes: 64 * MIB } },
    'crash',
    'observed',
    /worker thread held 93\.8 %.*ERR_WORKER_OUT_OF_MEMORY/s,
  ],
  ['an exit code of 137 of its own', { exitCode: 137, ending: code(137) }, 'crash', 'observed', /exit code 137/],
  // its parent's word
  ['exit code 0 by its parent', { ending: code(0) }, 'exit', 'observed', /parent waited/],
  ['exit code 7 by its parent', { ending: code(7) }, 'crash', 'observed', /exit code 7: its parent waited/],
  ...['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGQUIT'].map((name): Case => [
    name,
    { ...FILLING, ending: signal(name) },
    'exit',
    'observed',
    new RegExp(`asked to end by ${name}`),
  ]),
  ...['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGABRT'].map((name): Case => [
    name,
    { ending: signal(name) },
    'crash',
    'observed',
    new RegExp(`ended by ${name}: an error`),
  ]),
  ['a signal that is no fault', { ending: signal('SIGUSR1') }, 'killed', 'observed', /ended by SIGUSR1/],
  ['a shell’s 143', { ending: code(143) }, 'exit', 'observed', /asked to end by SIGTERM/],
  // SIGKILL and the counter
  [
    'SIGKILL, counted',
    { ending: signal('SIGKILL'), evidence: KILLED_BY_KERNEL },
    'kernel_oom',
    'observed',
    /kernel counted 1/,
  ],
  [
    'a shell’s 137, counted',
    { ending: code(137), evidence: KILLED_BY_KERNEL },
    'kernel_oom',
    'observed',
    /kernel counted 1/,
  ],
  [
    'SIGKILL in a full container, counted by nobody',
    { ...FILLING, ending: signal('SIGKILL'), evidence: KILLED_BY_NOBODY },
    'killed',
    'observed',
    /counted nobody.*container: 248 MiB of 256 MiB \(96\.9 %\)/s,
  ],
  ['SIGKILL at rest, no counter', { ending: signal('SIGKILL') }, 'killed', 'inferred', /cannot tell by whom/],
  [
    'SIGKILL while it filled, no counter',
    { ...FILLING, ending: signal('SIGKILL') },
    'kernel_oom',
    'inferred',
    /cannot tell/,
  ],
  [
    'a counter that went back is none',
    { ending: signal('SIGKILL'), evidence: { oomKillsAfter: 0 } },
    'killed',
    'inferred',
    /./,
  ],
  ['the counter alone', { evidence: KILLED_BY_KERNEL }, 'kernel_oom', 'observed', /kernel counted 1/],
  // V8
  ['a report of V8', { evidence: OOM_REPORT }, 'v8_oom', 'observed', /heap out of memory" \(\/tmp\/report\.json\)/],
  [
    'a report of another fatal error',
    { evidence: { fatalReport: { ...OOM_REPORT.fatalReport, trigger: 'FatalError' } } },
    'crash',
    'observed',
    /wrote a report/,
  ],
  [
    'SIGABRT with a full heap',
    { ...HEAP_FILLING, ending: signal('SIGABRT') },
    'v8_oom',
    'observed',
    /heap at its limit/,
  ],
  ['134 with a full heap', { ...HEAP_FILLING, ending: code(134) }, 'v8_oom', 'observed', /heap at its limit/],
  ['pid 1 cannot abort', { ...HEAP_FILLING, ending: signal('SIGSEGV') }, 'v8_oom', 'observed', /SIGSEGV with the heap/],
  [
    'SIGABRT while the heap filled fast',
    {
      last: { heapOldUsedBytes: 100 * MIB, heapOldPagesBytes: 102 * MIB },
      growth: { heapOldUsedBytes: 200 * MIB, heapOldPagesBytes: 200 * MIB },
      ending: signal('SIGABRT'),
      diedAfterMs: 300,
    },
    'v8_oom',
    'inferred',
    /would have reached it/,
  ],
  [
    'SIGABRT while half full and growing',
    { ...HEAP_HALF_AND_GROWING, ending: signal('SIGABRT') },
    'v8_oom',
    'inferred',
    /growing Map.*look the same/s,
  ],
  // the numbers alone
  [
    'a container that was filling',
    { ...FILLING, diedAfterMs: 40 },
    'kernel_oom',
    'inferred',
    /limit was reached 40 ms later/,
  ],
  ['the same, moment unknown', FILLING, 'kernel_oom', 'inferred', /moment of its death is not known/],
  ['a full container that stood still', { ...FULL_AND_STILL, diedAfterMs: 40 }, 'killed', 'inferred', /not growing/],
  ['the same, moment unknown', FULL_AND_STILL, 'killed', 'inferred', /not growing/],
  [
    'one that grew too slowly',
    { ...FULL_AND_STILL, growth: { cgroupUnreclaimableBytes: 8 * MIB }, diedAfterMs: 80 },
    'killed',
    'inferred',
    /growing 8 MiB\/s/,
  ],
  [
    'at its limit again and again',
    { last: { cgroupUnreclaimableBytes: 244 * MIB }, growth: { cgroupEventsMax: 40 }, diedAfterMs: 40 },
    'kernel_oom',
    'inferred',
    /at its limit \d+ times/,
  ],
  [
    'a container that was filling, counted by nobody',
    { ...FILLING, evidence: KILLED_BY_NOBODY },
    'killed',
    'inferred',
    /counted nobody/,
  ],
  ['a heap that was filling', { ...HEAP_FILLING, diedAfterMs: 60 }, 'v8_oom', 'inferred', /heap: 126 MiB of 128 MiB/],
  [
    'a heap that stood still at .95',
    { last: { heapOldPagesBytes: 121.6 * MIB }, diedAfterMs: 60 },
    'killed',
    'inferred',
    /95 %/,
  ],
  [
    'a host without memory',
    { last: { cgroupLimitBytes: Infinity, hostAvailableBytes: 100 * MIB }, diedAfterMs: 60 },
    'kernel_oom',
    'inferred',
    /^host: /,
  ],
  [
    'at its own budget, which ends nobody',
    { diedAfterMs: 40, last: { budgetUsageBytes: 191 * MIB, budgetLimitBytes: 200 * MIB } },
    'killed',
    'inferred',
    /budget: 191 MiB of 200 MiB \(95.5 %\); a budget ends nobody by itself/,
  ],
  ['at rest', { diedAfterMs: 400 }, 'killed', 'inferred', /not used up/],
  ['without a sample', NO_SAMPLE, 'killed', 'inferred', /before its first sample/],
];

describe('the verdict', () => {
  for (const [name, life, cause, evidence, because] of CASES) {
    test(`${name}: ${cause}, ${evidence}`, () => {
      const verdict = investigate(found(life));
      assert.deepEqual([verdict.cause, verdict.evidence], [cause, evidence], verdict.because.join('\n'));
      assert.match(verdict.because.join('\n'), because);
      assert.ok(
        evidence === 'observed' ? verdict.confidence === 1 : verdict.confidence < 1,
        String(verdict.confidence),
      );
    });
  }

  test('is surer the more room there was, and less where the event loop was blocked', () => {
    const confidence = (life: Life): number => investigate(found(life)).confidence;
    const atRest = confidence({ diedAfterMs: 40 });
    const full = confidence({ ...FULL_AND_STILL, diedAfterMs: 40 });
    const blocked = investigate(found({ diedAfterMs: 5000 }));
    assert.ok(atRest > full && full > blocked.confidence, `${atRest} ${full} ${blocked.confidence}`);
    assert.match(blocked.because.join('\n'), /event loop was blocked for 5 s/);
    assert.ok(confidence(FILLING) < confidence({ ...FILLING, diedAfterMs: 40 }));
    const both = {
      last: { ...HEAP_FILLING.last, ...FILLING.last },
      growth: { ...HEAP_FILLING.growth, ...FILLING.growth },
    };
    assert.ok(confidence({ ...both, diedAfterMs: 40 }) < confidence({ ...FILLING, diedAfterMs: 40 }));
  });

  test('says that a drill, not memory, asked for the level', () => {
    const { because } = investigate(found({ last: { level: 3, drillLevel: 3 }, diedAfterMs: 40 }));
    assert.match(because.join('\n'), /a drill asked for level critical/);
  });

  test('an exit code that is the recording’s end only is no end of the process', () => {
    assert.equal(investigate(found({ exitCode: Number.NaN })).evidence, 'inferred');
  });
});
