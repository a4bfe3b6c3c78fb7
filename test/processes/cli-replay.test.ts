/** `plimsoll replay` over recordings that the built agent made. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertUsageError, plimsoll, temporaryFolder, WHEN_SAMPLED } from '../helpers/run-cli.ts';
import { runNode } from '../helpers/run-node.ts';

/** Fills a budget of 120 MiB by a MiB each 20 ms until the level is critical, and ends. */
const GROW = `const kept = []; ${WHEN_SAMPLED} whenSampled(() => setInterval(() => {
  if (agent().status().assessment.level === 3) process.exit(4);
  kept.push(Buffer.alloc(1 << 20, 1));
}, 20))`;

interface Document {
  readonly policy: { readonly from: string };
  readonly records: number;
  readonly missing: number;
  readonly rejected: number;
  readonly ended: { readonly exitCode: number } | null;
  readonly agreementRatio: number;
  readonly secondsRecorded: Readonly<Record<string, number>>;
  readonly secondsReplayed: Readonly<Record<string, number>>;
  readonly changes: readonly {
    readonly at: string;
    readonly from: string;
    readonly to: string;
    readonly reasons: readonly string[];
  }[];
}

const KEYS = [
  'file',
  'process',
  'policy',
  'records',
  'missing',
  'rejected',
  'first',
  'last',
  'ended',
  'agreementRatio',
  'drilled',
  'secondsRecorded',
  'secondsReplayed',
  'changes',
];

describe('replay', { concurrency: 2 }, () => {
  const folder = temporaryFolder({ after });
  let file = '';

  before(async () => {
    const directory = join(folder, 'rings');
    const env = {
      PLIMSOLL_DIR: directory,
      PLIMSOLL_PROCESS_BUDGET: '120MiB',
      PLIMSOLL_EXPORTER: 'none',
      OTEL_LOG_LEVEL: 'none',
    };
    const result = await runNode({ args: ['-e', GROW], env });
    assert.equal(result.code, 4, result.report);
    file = join(directory, readdirSync(directory)[0] ?? '');
  });

  test('shows each level change with its time and reason, and agrees with what was recorded', async () => {
    const result = await plimsoll(['replay', file]);
    assert.deepEqual([result.code, result.stderr], [0, ''], result.report);
    assert.match(
      result.stdout,
      /^\d{4}-[\d-]+T[\d:.]+Z {2}normal → elevated {2}budget at 0\.7\d of its limit, elevated from 0\.70$/m,
      result.report,
    );
    assert.match(result.stdout, /^same level as recorded in 100 % of the records; time in each level:$/m);
    assert.match(result.stdout, /^ended with exit code 4 at /m);
  });

  test('--json has its keys', async () => {
    const result = await plimsoll(['replay', file, '--json']);
    const document = JSON.parse(result.stdout) as Document;
    assert.deepEqual(Object.keys(document), KEYS);
    assert.deepEqual(
      [document.policy.from, document.agreementRatio, document.ended?.exitCode],
      ['the recording', 1, 4],
    );
    assert.deepEqual([document.missing, document.rejected], [0, 0]);
    assert.ok(document.records > 10);
    assert.equal(document.changes.at(-1)?.to, 'critical');
    assert.deepEqual(document.secondsReplayed, document.secondsRecorded);
  });

  test('another policy gives other levels', async () => {
    const config = join(folder, 'late.yaml');
    writeFileSync(config, 'enter: [null, null, 0.9]\nexit: [null, null, 0.8]\n');
    const result = await plimsoll(['replay', file, '--config', config, '--json']);
    assert.equal(result.code, 0, result.report);
    const document = JSON.parse(result.stdout) as Document;
    assert.equal(document.policy.from, config);
    assert.ok(document.agreementRatio < 1);
    assert.deepEqual(
      document.changes.map(({ from, to }) => [from, to]),
      [['normal', 'critical']],
    );
    assert.equal(document.secondsReplayed['elevated'], 0);
  });

  test('a file that is no recording is one line and exit code 1', async () => {
    for (const path of [join(folder, 'none.ring'), process.execPath, folder]) {
      const result = await plimsoll(['replay', path]);
      assert.deepEqual([result.code, result.stdout], [1, ''], result.report);
      assert.match(result.stderr, /^\[plimsoll\] PLM_RING_UNREADABLE: [^\n]+\n$/);
    }
  });

  test('a configuration that is missing or nonsense is wrong usage', async () => {
    assertUsageError(
      await plimsoll(['replay', file, '--config', join(folder, 'none.yaml')]),
      /none\.yaml cannot be used/,
    );
    const config = join(folder, 'bad.json');
    writeFileSync(config, '{"preset": "lucky"}');
    assertUsageError(
      await plimsoll(['replay', file, '--config', config]),
      /preset in .*bad\.json is "lucky", must be one of/,
    );
  });
});
