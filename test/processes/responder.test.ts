/** What is done under pressure, in real processes: handlers and actions that mean no good, and `observe`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startOtlpReceiver, type OtlpReceiver } from '../helpers/otlp-receiver.ts';
import { AGENT, runNode, startNode, type RunResult } from '../helpers/run-node.ts';

const APPS = join(import.meta.dirname, '../fixtures/apps');
const HANDLERS = join(APPS, 'responder/hostile-handlers.mjs');
const HANDLER_NAMES = ['blocker', 'first', 'hanger', 'last', 'reentrant', 'tamperer', 'thrower', 'unsubscriber'];

interface ActionEvent {
  readonly action: string;
  readonly outcome: string;
  readonly body: string;
}

interface LogsBody {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly eventName: string;
        readonly body: { readonly stringValue: string };
        readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
      }[];
    }[];
  }[];
}

/** Of `plimsoll.action.finished`, as they came. */
function actionsIn({ requests }: OtlpReceiver): readonly ActionEvent[] {
  return requests
    .filter(({ path }) => path === '/v1/logs')
    .flatMap(({ json }) => (json as LogsBody).resourceLogs)
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .filter(({ eventName }) => eventName === 'plimsoll.action.finished')
    .map(({ body, attributes }) => {
      const valueOf = (key: string): string => attributes.find((it) => it.key === key)?.value.stringValue ?? '';
      return { action: valueOf('plimsoll.action'), outcome: valueOf('plimsoll.outcome'), body: body.stringValue };
    });
}

/** A process over its budget from the start on, until events of all `wanted` actions have come. */
async function underPressure(
  receiver: OtlpReceiver,
  env: Readonly<Record<string, string>>,
  wanted: readonly string[],
): Promise<{ readonly result: RunResult; readonly events: readonly ActionEvent[] }> {
  const running = startNode({
    preload: 'none',
    // it seems to be old enough for its telemetry to be sent
    args: ['-r', join(APPS, 'otlp/old.cjs'), '-r', AGENT, HANDLERS],
    env: {
      PLIMSOLL_PROCESS_BUDGET: '16MiB',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      ...env,
    },
    timeoutMs: 30_000,
  });
  const isComplete = (): boolean => {
    const seen = new Set(actionsIn(receiver).map(({ action }) => action));
    return wanted.every((name) => seen.has(name));
  };
  await Promise.race([receiver.until(isComplete), running.ended]);
  running.child.stdin.end();
  const result = await running.ended;
  return { result, events: actionsIn(receiver) };
}

describe('under pressure', { concurrency: 3 }, () => {
  let receivers: OtlpReceiver[] = [];
  before(async () => {
    receivers = await Promise.all([startOtlpReceiver(), startOtlpReceiver()]);
  });
  after(() => Promise.all(receivers.map((receiver) => receiver.close())));

  function receiverAt(index: number): OtlpReceiver {
    const receiver = receivers[index];
    assert.ok(receiver !== undefined);
    return receiver;
  }

  test('handlers that throw, hang, block, tamper, unsubscribe others and re-enter are named, and the others run', async () => {
    const { result, events } = await underPressure(receiverAt(0), {}, [...HANDLER_NAMES, 'late']);
    const { report, stdout, stderr } = result;
    assert.deepEqual([result.code, result.signal], [0, null], report);
    assert.deepEqual(stdout.trim().split('\n'), ['first', 'last critical 3 true', 'late', 'reclaimed true'], report);
    const how = Object.fromEntries(events.map(({ action, outcome, body }) => [action, `${outcome} ${body}`]));
    assert.equal(how['thrower'], 'failed thrower: it threw what cannot be shown', report);
    assert.equal(how['hanger'], 'failed hanger: it did not finish within 50 ms', report);
    assert.match(how['blocker'] ?? '', /^done blocker: it held up the event loop for \d{3,} ms$/, report);
    for (const name of ['first', 'last', 'late', 'reentrant', 'unsubscriber']) {
      assert.ok(how[name]?.startsWith(`done ${name}: `), report); // on a busy machine any of them may be slow
    }
    assert.equal(how['victim'], undefined, report);
    for (const line of [
      /^\[plimsoll\] PLM_HANDLER_FAILED: handler thrower failed/m,
      /^\[plimsoll\] PLM_HANDLER_TIMEOUT: handler hanger/m,
      /^\[plimsoll\] PLM_HANDLER_SLOW: handler blocker/m,
    ]) {
      assert.match(stderr, line, report);
    }
    assert.doesNotMatch(stderr, /PLM_AGENT_FAILED/, report);
  });

  test('in observe nothing is done, and for each it is said what would have been', async () => {
    const { result, events } = await underPressure(receiverAt(1), { PLIMSOLL_MODE: 'observe' }, [
      ...HANDLER_NAMES,
      'reclaim',
    ]);
    assert.deepEqual([result.code, result.stdout], [0, '\n'], result.report);
    for (const { action, outcome, body } of events) {
      assert.equal(outcome, 'skipped', `${action} ${body}`);
      assert.ok(body.startsWith(`${action}: observe: would `), body);
    }
  });

  test('actions that throw, reject, hang, block and re-enter are named, the others run, and the process ends by itself', async () => {
    const result = await runNode({
      preload: 'none',
      args: [...process.execArgv, join(APPS, 'responder/hostile-actions.ts')],
      // how an older Node.js is told to run TypeScript
      env: { NODE_OPTIONS: process.env['NODE_OPTIONS'] },
    });
    assert.deepEqual([result.code, result.stderr], [0, ''], result.report);
    const lines = result.stdout.trim().split('\n');
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('problem')),
      [
        'throw failed',
        'reject failed',
        'hang failed',
        'reject-late failed',
        'block done',
        're-enter done',
        'answer done',
      ],
      result.report,
    );
    assert.equal(lines.filter((line) => /^problem (throw|reject|hang|reject-late) failed: /.test(line)).length, 4);
  });
});
