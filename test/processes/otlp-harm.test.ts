/**
 * No collector harms the application: with each kind of bad one, a program says what it says without the agent, holds no more files and
 * memory, and ends when it would have ended. One coded line tells of the outage.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { BAD_KINDS, startBadCollector, type BadCollector, type BadKind } from '../helpers/bad-collectors.ts';
import { startDnsServer } from '../helpers/dns-server.ts';
import { descriptorsOf, work } from '../helpers/otlp-app.ts';

/** Mostly waiting processes. */
const CONCURRENCY = 6;
/** Of a loaded machine; a request that holds the process would hold it for 10 s. */
const MAX_EXIT_DELAY_MS = 2000;

/** A request every 100 ms, given up after 400 ms: a few, or many, of them. */
const OFTEN = { OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_EXPORTER_OTLP_TIMEOUT: '400' };

/** What the status says counts: what cannot be read in an answer that says yes is nothing to complain of. */
const UNNOTICED = new Set<BadKind>(['answers 200 with garbage']);

async function withCollector(kind: BadKind, use: (collector: BadCollector) => Promise<void>): Promise<void> {
  const collector = await startBadCollector(kind);
  try {
    await use(collector);
  } finally {
    await collector.close();
  }
}

describe('a bad collector is told once and costs nothing', { concurrency: CONCURRENCY }, () => {
  for (const kind of BAD_KINDS) {
    test(kind, () =>
      withCollector(kind, async (collector) => {
        let descriptors = 0;
        const { megabytes, exitMs, lines, result } = await work({
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...OFTEN },
          async until(running) {
            if (UNNOTICED.has(kind)) await requested(collector);
            else await running.until(/PLM_OTLP_FAILED/, 'stderr');
            const before = descriptorsOf(running);
            await delay(1000); // for many more requests, and more lines if there were any
            descriptors = descriptorsOf(running) - before;
          },
        });
        const { report } = result;
        assert.ok(exitMs < MAX_EXIT_DELAY_MS, `it ended ${exitMs} ms after it had nothing to do\n${report}`);
        // one request may be under way at either moment
        assert.ok(descriptors <= 2, `${descriptors} more descriptors\n${report}`);
        assert.ok(megabytes < 4, report);
        if (kind === 'answers 503, come back in an hour') assert.equal(collector.count(), 1, report);
        if (UNNOTICED.has(kind)) return assert.deepEqual(lines, [], report);
        assert.equal(lines.length, 1, report);
        const begins = `[plimsoll] PLM_OTLP_FAILED: ${collector.url}/v1/metrics does not take metrics (`;
        assert.ok(lines[0]?.startsWith(begins), report);
      }),
    );
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
    test(kind, () =>
      withCollector(kind, async (collector) => {
        const { exitMs, lines, result } = await work({
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
          until: () => (kind === 'takes no connection' ? connecting(collector) : requested(collector)),
        });
        assert.ok(exitMs < MAX_EXIT_DELAY_MS, `it ended ${exitMs} ms after it had nothing to do\n${result.report}`);
        assert.deepEqual(lines, [], result.report);
      }),
    );
  }
});

const HOST = '127.77.0.1';
const NO_MOUNT =
  spawnSync('unshare', ['-m', 'mount', '--bind', '/etc/hosts', '/etc/hosts']).status !== 0 &&
  'this user may not mount a resolv.conf of its own';

test('a name that no DNS server answers for does not delay the end', { skip: NO_MOUNT }, async () => {
  const server = await startDnsServer(undefined, HOST, 53);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-dns-'));
  try {
    const resolvPath = join(folder, 'resolv.conf');
    writeFileSync(resolvPath, `nameserver ${HOST}\n`);
    const mount = `mount --bind ${resolvPath} /etc/resolv.conf && exec "$@"`;
    const { exitMs, lines, result } = await work({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' },
      shellBefore: `set -- unshare -m /bin/sh -c '${mount}' sh "$@"`,
      async until() {
        while (server.questions.length === 0) await delay(20);
      },
    });
    assert.ok(exitMs < MAX_EXIT_DELAY_MS, `it ended ${exitMs} ms after it had nothing to do\n${result.report}`);
    assert.deepEqual(lines, [], result.report);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

async function requested(collector: BadCollector): Promise<void> {
  while (collector.count() === 0) await delay(20);
}

/** proc(5), /proc/net/tcp: remote address, then the state, of which 02 is SYN_SENT. */
async function connecting({ url }: BadCollector): Promise<void> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  while (!readFileSync('/proc/net/tcp', 'utf8').includes(`0100007F:${port} 02`)) await delay(20);
}
