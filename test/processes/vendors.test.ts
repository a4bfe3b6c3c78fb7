/** Beside the telemetry of a vendor nothing of theirs changes, and ours is where theirs is. All cells: `npm run test:coexist -- --vendors`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { differences, runWith, runWithout } from '../coexist/vendor-run.ts';
import { usualExporter, VENDORS } from '../coexist/vendors.ts';

describe('beside', { concurrency: true }, () => {
  for (const vendor of VENDORS) {
    const { skip } = appIn(vendor.app);
    test(
      `${vendor.name}: spans, metrics, output and exit are theirs as before, and ours are there`,
      { skip },
      async () => {
        const cell = { vendor, loader: 'require', order: 'theirs first', exporter: usualExporter(vendor) } as const;
        const [without, withUs] = await Promise.all([runWithout(vendor, 'require'), runWith(cell)]);
        assert.deepEqual(differences(cell, without, withUs), []);
        assert.notEqual(without.telemetry.spans.length, 0);
      },
    );
  }
});
