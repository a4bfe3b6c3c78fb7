/**
 * `npm run test:coexist -- --vendors [--short]`: each vendor's telemetry with Plimsoll and without, in each loader and order. Exit code 1
 * when anything of theirs differs, or ours is missing.
 */
import { availableParallelism } from 'node:os';

import { differences, runWith, runWithout, type VendorRun } from './vendor-run.ts';
import { vendorCells, type Loader, type Vendor, type VendorCell } from './vendors.ts';

/** Most of a run is waiting until it is old enough to be joined. */
const AT_ONCE = 6 * availableParallelism();

export async function testVendors(isShort: boolean): Promise<boolean> {
  const baselines = new Map<string, Promise<VendorRun>>();
  const todo = [...vendorCells(isShort)];
  let isGood = true;

  function without(vendor: Vendor, loader: Loader): Promise<VendorRun> {
    const key = `${vendor.name} ${loader}`;
    const run = baselines.get(key) ?? runWithout(vendor, loader);
    baselines.set(key, run);
    return run;
  }
  async function tested(cell: VendorCell): Promise<readonly string[]> {
    try {
      const [expected, actual] = await Promise.all([without(cell.vendor, cell.loader), runWith(cell)]);
      return differences(cell, expected, actual);
    } catch (error) {
      return [String(error)];
    }
  }
  async function worker(): Promise<void> {
    for (let cell = todo.shift(); cell !== undefined; cell = todo.shift()) {
      const found = await tested(cell);
      isGood &&= found.length === 0;
      const place = `${cell.vendor.name.padEnd(34)} ${cell.loader.padEnd(13)} ${cell.order.padEnd(13)} ${cell.exporter.padEnd(11)}`;
      process.stdout.write(`${place} ${found.length === 0 ? 'same' : `DIFFERS\n  ${found.join('\n  ')}`}\n`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return isGood;
}

if (import.meta.main) {
  const isGood = await testVendors(process.argv.includes('--short'));
  process.exitCode = isGood ? 0 : 1;
}
