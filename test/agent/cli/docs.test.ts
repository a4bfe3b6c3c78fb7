/** docs/cli.md names what the commands have. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { doctor } from '../../../agent/cli/doctor.ts';
import { postmortem } from '../../../agent/cli/postmortem.ts';
import { drill } from '../../../agent/cli/drill.ts';
import { reclaim } from '../../../agent/cli/reclaim.ts';
import { replay } from '../../../agent/cli/replay.ts';
import { run } from '../../../agent/cli/run.ts';
import { status } from '../../../agent/cli/status.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

function sectionOf(name: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(`${name}\n`)) ?? '';
}

for (const [name, { flags, positionals }] of Object.entries({ status, doctor, replay, drill, reclaim, postmortem })) {
  test(`the section of ${name} names every flag it has, and no other`, () => {
    const named = new Set(sectionOf(name).match(/(?<![\w-])--[a-z][a-z-]+/g));
    named.delete('--max-old-space-size'); // Node's
    const own = Object.keys(flags).filter((flag) => !positionals.includes(flag));
    assert.deepEqual([...named].toSorted(), own.map((flag) => `--${flag}`).toSorted());
    for (const positional of positionals) assert.ok(sectionOf(name).includes(`<${positional}>`));
  });
}

test('the section of run shows its usage', () => {
  assert.ok(sectionOf('run').includes(run.usage));
});
