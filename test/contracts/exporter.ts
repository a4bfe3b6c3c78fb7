/** What every exporter keeps, whatever it sends and wherever: it lives in somebody else's process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Exporter, ExporterParts } from '../../agent/model/exporter.ts';
import type { Problem } from '../../agent/model/problem.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { ordinarySnapshot } from '../helpers/snapshot.ts';

export interface ExporterContract {
  create(parts: ExporterParts): Exporter | Promise<Exporter>;
  /** Where nobody answers, nothing can be opened, or nothing is writable. */
  readonly adverse: Partial<ExporterParts>;
  /** Where all is well. */
  readonly friendly: Partial<ExporterParts>;
}

const EVENT = { name: 'plimsoll.mode.changed', from: 'protect', to: 'observe' } as const;

export function exporterContract({ create, adverse, friendly }: ExporterContract): void {
  test('starts without a rejection where the outside refuses', async () => {
    const problems: Problem[] = [];
    const exporter = await create(partsOf({ ...adverse, onTrouble: (_degradation, found) => problems.push(found) }));
    await assert.doesNotReject(exporter.start());
    exporter.event?.(EVENT, Date.now());
    await exporter.close();
    assert.ok(problems.length <= 1, `told more than once: ${JSON.stringify(problems)}`);
  });

  test('takes events before its start and after its end', async () => {
    const exporter = await create(partsOf(friendly));
    exporter.event?.(EVENT, Date.now());
    await exporter.start();
    await exporter.close();
    assert.doesNotThrow(() => exporter.event?.(EVENT, Date.now()));
  });

  test('closes before its start, while it starts, and twice', async () => {
    await (await create(partsOf(friendly))).close();
    const exporter = await create(partsOf(friendly));
    const starting = exporter.start();
    await exporter.close();
    await starting;
    await exporter.close();
  });

  test('leaves nothing in the event loop when it is closed', async () => {
    const before = process.getActiveResourcesInfo().toSorted();
    const exporter = await create(partsOf(friendly));
    await exporter.start();
    exporter.event?.(EVENT, Date.now());
    await exporter.close();
    assert.deepEqual(process.getActiveResourcesInfo().toSorted(), before);
  });
}

export function partsOf(changes: Partial<ExporterParts>): ExporterParts {
  return {
    tier: 'core',
    listen: { host: '127.0.0.1', port: 0 },
    container: '',
    isNumbered: false,
    isChild: false,
    otlp: { metrics: undefined, logs: undefined, temporality: 'cumulative', intervalMs: 1000, problems: [] },
    clock: systemClock,
    isYoung: () => false,
    snapshot: () => ordinarySnapshot(),
    describe: () => 'as it is',
    onTrouble: () => undefined,
    onRecovered: () => undefined,
    onListening: () => undefined,
    ...changes,
  };
}
