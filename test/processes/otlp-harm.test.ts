/**
 * No collector harms the application: with each kind of bad one, a program says what it says without the agent, holds no more files and
 * memory, and ends when it would have ended. One coded line tells of the outage.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BAD_KINDS, startBadCollector, type BadKind } from '../helpers/bad-collectors.ts';
import { work } from '../helpers/otlp-app.ts';

/** Mostly waiting processes. */
const CONCURRENCY = 6;
/** Of a loaded machine; a request that holds the process would hold it for 10 s. */
const MAX_EXIT_DELAY_MS = 600;

/** A request every 100 ms, given up after 400 ms: a few, or many, of them. */
const OFTEN = { OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_EXPORTER_OTLP_TIMEOUT: '400' };

/** What the status says counts: what cannot be read in an answer that says yes is nothing to complain of. */
const UNNOTICED = new Set<BadKind>(['answers 200 with garbage']);

describe('a bad collector is told once and costs nothing', { concurrency: CONCURRENCY }, () => {
  for (const kind of BAD_KINDS) {
    test(kind, async () => {
      const collector = await startBadCollector(kind);
      try {
        const { early, late, exitMs, lines, result } = await work({
          workMs: 2500,
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...OFTEN },
        });
        const { report } = result;
        assert.ok(exitMs < MAX_EXIT_DELAY_MS, `it ended ${exitMs} ms after it had nothing to do\n${report}`);
        // one request may be under way at either moment
        assert.ok(late.fds - early.fds <= 2, report);
        assert.ok(late.megabytes < 4, report);
        if (kind === 'answers 503, come back in an hour') assert.equal(collector.count(), 1, report);
        if (UNNOTICED.has(kind)) return assert.deepEqual(lines, [], report);
        assert.equal(lines.length, 1, report);
        assert.ok(
          lines[0]?.startsWith(`[plimsoll] PLM_OTLP_FAILED: ${collector.url}/v1/metrics does not take metrics (`),
        );
      } finally {
        await collector.close();
      }
    });
  }
});

describe('a request that is under way does not delay the end', { concurrency: CONCURRENCY }, () => {
  const kinds: readonly BadKind[] = [
    'takes no connection',
    'takes the connection and says nothing',
    'answers a byte at a time',
    'answers 200 and never ends',
  ];
  for (const kind of kinds) {
    test(kind, async () => {
      const collector = await startBadCollector(kind);
      try {
        const { exitMs, lines, result } = await work({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
        assert.ok(exitMs < MAX_EXIT_DELAY_MS, `it ended ${exitMs} ms after it had nothing to do\n${result.report}`);
        assert.deepEqual(lines, [], result.report);
      } finally {
        await collector.close();
      }
    });
  }
});
