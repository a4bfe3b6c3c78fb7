import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

import fc from 'fast-check';

import { OPTIONS } from '../../../agent/config/options.ts';
import { readConfiguration } from '../../../agent/config/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('without any setting every option has its default and nothing is said', async () => {
  const { options, problems } = await readConfiguration({});
  assert.deepEqual(problems, []);
  assert.deepEqual(options, {
    mode: 'protect',
    directory: undefined,
    exporter: 'auto',
    listen: { host: '127.0.0.1', port: 19_464 },
    apiListen: { host: '127.0.0.1', port: 19_465 },
    apiTokenFile: undefined,
    apiWrite: 'off',
    metrics: 'core',
    preset: 'standard',
    enter: undefined,
    exit: undefined,
    dwellMs: 10_000,
    processBudgetBytes: undefined,
    sampleIntervalMs: 1_000,
    sampleIntervalMinMs: 50,
    reclaim: 'registered',
    reclaimPolicy: 'conservative',
    reclaimTargets: undefined,
    reclaimCoolDownMs: undefined,
    gc: 'auto',
    shed: 'off',
    shedExempt: ['/healthz', '/readyz', '/livez', '/health', '/ready', '/live', '/ping', '/metrics'],
    capture: 'report',
    captureQuotaBytes: 200 * 2 ** 20,
    dataDirectory: undefined,
  });
});

test('start() comes before the environment, the environment before the file, the file before the default', async () => {
  const path = file('order.yaml', 'mode: observe\npreset: early\nmetrics: full\nenter: [0.5, 0.6, null]\n');
  const { options, problems } = await readConfiguration(
    { PLIMSOLL_CONFIG_FILE: path, PLIMSOLL_MODE: 'protect', PLIMSOLL_PRESET: 'two-step' },
    { mode: 'off' },
  );
  assert.deepEqual([options.mode, options.preset, options.metrics], ['off', 'two-step', 'full']);
  assert.deepEqual(options.enter, [0.5, 0.6, undefined]);
  assert.deepEqual(problems, []);
});

const BAD_VALUES: readonly [env: string, text: string, says: RegExp][] = [
  ['PLIMSOLL_MODE', 'on', /must be one of off, observe, protect. Using protect\./],
  ['PLIMSOLL_EXPORTER', 'statsd', /must be one of auto, sidecar, join, prometheus, otlp, none. Using auto\./],
  ['PLIMSOLL_API_LISTEN', '19465', /must be host:port/],
  ['PLIMSOLL_API_WRITE', 'yes', /must be one of off, on. Using off\./],
  ['PLIMSOLL_LISTEN', '19464', /must be host:port/],
  ['PLIMSOLL_LISTEN', '127.0.0.1:70000', /must be host:port/],
  ['PLIMSOLL_LISTEN', '::1:19464', /\[IPv6\]:port/],
  ['PLIMSOLL_METRICS', 'all', /core, full/],
  ['PLIMSOLL_PRESET', 'loud', /standard, early, conservative, two-step, budget/],
  ['PLIMSOLL_ENTER', '.7,.8', /three rising ratios/],
  ['PLIMSOLL_ENTER', '.8,.7,.9', /three rising ratios/],
  ['PLIMSOLL_ENTER', '70,80,90', /three rising ratios/],
  ['PLIMSOLL_ENTER', '-,-,-', /three rising ratios/],
  ['PLIMSOLL_EXIT', '.6,NaN,.8', /three rising ratios/],
  ['PLIMSOLL_EXIT', '.75,.78,.85', /must be below PLIMSOLL_ENTER \(0\.7,0\.82,0\.92\)/],
  ['PLIMSOLL_DWELL', '5', /with its unit/],
  ['PLIMSOLL_PROCESS_BUDGET', '1KiB', /from 16MiB up/],
  ['PLIMSOLL_PROCESS_BUDGET', 'lots', /from 16MiB up/],
  ['PLIMSOLL_SAMPLE_INTERVAL', '1000', /from 50ms to 60s/],
  ['PLIMSOLL_SAMPLE_INTERVAL', '2h', /from 50ms to 60s/],
  ['PLIMSOLL_SAMPLE_INTERVAL_MIN', '5s', /at most PLIMSOLL_SAMPLE_INTERVAL \(1000ms\)/],
];

for (const [env, text, says] of BAD_VALUES) {
  test(`${env}=${text} is one coded line that names the repair, and the default is used`, async () => {
    const { options, problems } = await readConfiguration({ [env]: text });
    const normal = (await readConfiguration({})).options;
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.code, 'PLM_OPTION_INVALID');
    assert.match(problems[0].message, says);
    assert.match(problems[0].message, new RegExp(env));
    assert.deepEqual(env.endsWith('INTERVAL_MIN') ? { ...options, sampleIntervalMinMs: 50 } : options, normal);
  });
}

test('all problems are gathered, not only the first', async () => {
  const { problems } = await readConfiguration({ PLIMSOLL_MODE: 'x', PLIMSOLL_PRESET: 'y', PLIMSOLL_DIRR: '/z' });
  assert.deepEqual(problems.map(({ code }) => code).toSorted(), [
    'PLM_OPTION_INVALID',
    'PLM_OPTION_INVALID',
    'PLM_OPTION_UNKNOWN',
  ]);
});

test('an unknown variable is named with the nearest one; what Kubernetes sets for a Service of our name is not ours', async () => {
  const { problems } = await readConfiguration({
    PLIMSOLL_PROCES_BUDGET: '1GiB',
    PLIMSOLL_SERVICE_HOST: '10.0.0.1',
    PLIMSOLL_PORT: 'tcp://10.0.0.1:80',
    PLIMSOLL_PORT_80_TCP_ADDR: '10.0.0.1',
  });
  assert.equal(problems.length, 1);
  assert.match(
    problems[0]?.message ?? '',
    /PLIMSOLL_PROCES_BUDGET is no option; did you mean PLIMSOLL_PROCESS_BUDGET\?/,
  );
});

const BAD_FILES: readonly [name: string, content: string | undefined, says: RegExp][] = [
  ['missing.yaml', undefined, /ENOENT/],
  ['broken.yaml', 'mode: [observe', /must be readable YAML or JSON/],
  ['broken.json', '{"mode": ', /must be readable YAML or JSON/],
  ['list.yaml', '- mode\n', /holds no keys/],
];

for (const [name, content, says] of BAD_FILES) {
  test(`the configuration file ${name} is one coded line and is ignored`, async () => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    const { options, problems } = await readConfiguration({ PLIMSOLL_CONFIG_FILE: path });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['PLM_CONFIG_FILE'],
    );
    assert.match(problems[0]?.message ?? '', says);
    assert.equal(problems[0]?.message.includes('\n'), false);
    assert.equal(options.mode, 'protect');
  });
}

test("OpenTelemetry's switches stop the export unless Plimsoll's own option chooses", async () => {
  const exporter = async (env: Record<string, string>): Promise<string> =>
    (await readConfiguration(env)).options.exporter;
  assert.equal(await exporter({ OTEL_METRICS_EXPORTER: 'none' }), 'none');
  assert.equal(await exporter({ OTEL_SDK_DISABLED: 'true' }), 'none');
  assert.equal(await exporter({ OTEL_SDK_DISABLED: 'true', PLIMSOLL_EXPORTER: 'prometheus' }), 'prometheus');
  assert.equal(await exporter({ OTEL_METRICS_EXPORTER: 'otlp' }), 'auto');
});

test('an entry of the user alone keeps the hysteresis of the preset', async () => {
  const { options, problems } = await readConfiguration({ PLIMSOLL_ENTER: '.5,.6,.7' });
  assert.deepEqual(problems, []);
  options.exit?.forEach((exit, index) => assert.ok((exit ?? 1) < (options.enter?.[index] ?? 0)));
});

test('any text in any option: no throw, and a value of its kind', async () => {
  const envs = Object.values(OPTIONS).map(({ env }) => env);
  const property = fc.asyncProperty(
    fc.dictionary(fc.constantFrom(...envs), fc.string({ unit: 'binary', maxLength: 40 })),
    async (env) => {
      const { options, problems } = await readConfiguration(env);
      assert.ok(['off', 'observe', 'protect'].includes(options.mode));
      assert.ok(options.sampleIntervalMinMs <= options.sampleIntervalMs);
      assert.ok(problems.every(({ message }) => !message.includes('\n')));
    },
  );
  await fc.assert(property, { numRuns: 500 });
});
