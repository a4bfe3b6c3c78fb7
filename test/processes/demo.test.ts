/** The demo as a person runs it, its page opened and its metrics scraped by a real Prometheus while it runs. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import test from 'node:test';

import { freePort, NO_PROMETHEUS, startPrometheus } from '../helpers/prometheus.ts';
import { startNode } from '../helpers/run-node.ts';

const DEMO = resolve(import.meta.dirname, '../../examples/demo/main.ts');

test(
  'the demo shows a service that is killed without Plimsoll, lives with it, can be scraped and looked at, and dies explained',
  { skip: NO_PROMETHEUS },
  async () => {
    const port = await freePort();
    const demo = startNode({
      preload: 'none',
      args: [DEMO, '--seconds', '6'],
      env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
      timeoutMs: 150_000,
    });
    await demo.until(/killed by the kernel \(SIGKILL\), after [1-9]\d* requests|nothing can kill it here/);
    const [, page = ''] = await demo.until(/Open (http:\S+)/);
    const html = await (await fetch(page)).text();
    assert.match(html, /^<!doctype html>/i);
    await demo.until(/scrape it meanwhile/);
    const prometheus = await startPrometheus(port);
    try {
      await demo.until(/normal → (ELEVATED|HIGH|CRITICAL) .*(container|budget) at 0\.\d\d of its limit/);
      const raised = await settled(() => prometheus.query('max_over_time(plimsoll_pressure_level[1m]) >= 1'));
      assert.equal(raised[0]?.metric['plimsoll_process'], 'main');

      // usage ÷ limit, computed by Prometheus, is the utilization we export
      const difference = await prometheus.query(
        'abs(plimsoll_usage_bytes / plimsoll_limit_bytes - plimsoll_utilization_ratio)',
      );
      assert.ok(difference.length >= 2);
      assert.ok(
        difference.every(({ value }) => Number(value[1]) < 1e-9),
        JSON.stringify(difference),
      );

      // the sidecar's own target is another: each series says whose it is
      const named = await prometheus.query('plimsoll_pressure_ratio{service_name="plimsoll-demo"}');
      assert.equal(named.length, 1);
    } finally {
      await prometheus.stop();
    }
    const result = await demo.ended;
    assert.equal(result.code, 0, result.report);
    assert.match(result.stdout, /Plimsoll gave back [1-9]\d* MiB, measured/, result.report);
    assert.match(result.stdout, /Summary\n  requests +[1-9]\d* with Plimsoll/, result.report);
    assert.match(result.stdout, /what it cost +[1-9]\d* forced collections/, result.report);
    assert.match(
      result.stdout,
      /^plimsoll-demo died: (?:the kernel killed it for want of memory|it was ended from outside) /m,
      result.report,
    );
    assert.match(result.stdout, /^because: \S/m, result.report);
    assert.match(result.stdout, /^cache metadata \(lru-cache\): \d/m, result.report);
  },
);

/** Prometheus scrapes each second and tells nobody: asks until there is an answer. */
async function settled<T>(query: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (let attempts = 0; ; attempts++) {
    const found = await query();
    if (found.length > 0 || attempts === 50) return found;
    await new Promise((again) => {
      setTimeout(again, 100);
    });
  }
}
