/** The sidecar's exporting beside a fleet that a test makes up. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { readOtlp } from '../../agent/config/otlp.ts';
import { readConfiguration } from '../../agent/config/read.ts';
import type { Problem } from '../../agent/model/problem.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createFleetExporting, type FleetExporting } from '../../agent/sidecar/exporting.ts';
import { ask } from './http-client.ts';
import { parsePrometheus, type Sample } from './prometheus-text.ts';
import type { ScriptedFleet } from './scripted-fleet.ts';
import { eventually } from './watched-app.ts';

export const CONTAINER = { 'k8s.container.name': 'web', 'k8s.pod.name': 'shop-7d4b9' };

export interface Scene extends FleetExporting {
  readonly directory: string;
  readonly lines: Record<string, unknown>[];
  readonly problems: Problem[];
  samples(): Promise<readonly Sample[]>;
  get(path: string): ReturnType<typeof ask>;
}

export async function exporting(
  t: TestContext,
  fleet: ScriptedFleet,
  env: Readonly<Record<string, string>> = {},
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-exporting-')),
): Promise<Scene> {
  const whole = { PLIMSOLL_LISTEN: '127.0.0.1:0', PLIMSOLL_DIR: directory, ...env };
  const { options } = await readConfiguration(whole, {});
  const otlp = readOtlp(whole);
  const alive = setInterval(() => {}, 1000); // nothing of ours keeps the process
  const lines: Record<string, unknown>[] = [];
  const problems: Problem[] = [];
  const started = createFleetExporting(
    {
      options,
      otlp: otlp.settings,
      fallbackExporter: otlp.fallback,
      nodeOptions: '',
      resource: { 'k8s.namespace.name': 'sales' },
      directory,
      dataDirectory: directory,
      clock: systemClock,
      onProblem: (problem) => problems.push(problem),
      onEventLine: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    },
    fleet,
  );
  t.after(async () => {
    await started.stop();
    clearInterval(alive);
    rmSync(directory, { recursive: true, force: true });
  });
  const get = async (path: string): ReturnType<typeof ask> => {
    const url = await eventually(() => {
      const found = started.metricsUrl();
      assert.ok(found !== undefined, 'it listens');
      return new URL(found);
    }, 5000);
    return await ask({ port: Number(url.port), path, headers: { Host: 'shop.example' } });
  };
  return {
    ...started,
    directory,
    lines,
    problems,
    get,
    async samples() {
      const { status, body } = await get('/metrics');
      assert.equal(status, 200);
      return parsePrometheus(body.toString()).flatMap((family) => family.samples);
    },
  };
}
