/** The level on spans of real tracer providers of all majors. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test, { describe } from 'node:test';

import type { Tracer } from '@opentelemetry/api';

import { createSpanMarks } from '../../../exporters/join/spans.ts';
import { appIn } from '../../../scripts/install-apps.ts';

const LEVEL = 'plimsoll.pressure.level';

interface Told {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Provider {
  getTracer(name: string): Tracer;
}

type Sdk = Readonly<Record<string, new (options?: object) => unknown>>;

/** A provider whose finished spans are kept, in their order. */
function providerOf(sdk: Sdk, isFirstMajor: boolean): { provider: Provider; ended: Told[] } {
  const ended: Told[] = [];
  const processor = {
    onStart: () => undefined,
    onEnd: (span: Told) => ended.push({ name: span.name, attributes: { ...span.attributes } }),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const Constructor = sdk[isFirstMajor ? 'BasicTracerProvider' : 'TracerProvider'];
  assert.ok(Constructor);
  return { provider: new Constructor({ spanProcessors: [processor] }) as Provider, ended };
}

const SDKS = [
  { app: 'otel-1', name: '@opentelemetry/sdk-trace-base' },
  { app: 'otel-2', name: '@opentelemetry/sdk-trace' },
  { app: 'otel-3', name: '@opentelemetry/sdk-trace' },
];

for (const { app, name } of SDKS) {
  const { folder, skip } = appIn(app);
  const isFirstMajor = app === 'otel-1';
  const setUp = () => providerOf(createRequire(`${folder}/`)(name) as Sdk, isFirstMajor);

  describe(`spans of ${app}`, { skip }, () => {
    test('at normal they stay as they were; above it they carry the level at which they started', () => {
      const { provider, ended } = setUp();
      const marks = createSpanMarks();
      marks.follow(provider);
      const tracer = provider.getTracer('app');
      tracer.startSpan('calm', { attributes: { kind: 'test' } }).end();
      marks.setLevel(2);
      tracer.startSpan('pressed').end();
      marks.setLevel(0);
      tracer.startSpan('calm again').end();
      assert.deepEqual(ended, [
        { name: 'calm', attributes: { kind: 'test' } },
        { name: 'pressed', attributes: { [LEVEL]: 2 } },
        { name: 'calm again', attributes: {} },
      ]);
    });

    test('the level that rose meanwhile is on them when they end; SDK 1.x can only say how they started', () => {
      const { provider, ended } = setUp();
      const marks = createSpanMarks();
      marks.follow(provider);
      const span = provider.getTracer('app').startSpan('long');
      const falling = provider.getTracer('app').startSpan('began at normal');
      marks.setLevel(3);
      span.end();
      marks.setLevel(1);
      const pressed = provider.getTracer('app').startSpan('pressed');
      falling.end();
      marks.setLevel(0);
      pressed.end();
      const levels = Object.fromEntries(ended.map((each) => [each.name, each.attributes[LEVEL]]));
      assert.deepEqual(
        levels,
        isFirstMajor
          ? { long: undefined, 'began at normal': undefined, pressed: 1 }
          : { long: 3, 'began at normal': 1, pressed: 1 },
      );
    });

    test('another provider is followed, and the first one left', () => {
      const [first, second] = [setUp(), setUp()];
      const marks = createSpanMarks();
      marks.setLevel(3);
      for (const provider of [first.provider, first.provider, second.provider]) marks.follow(provider);
      for (const { provider } of [first, second]) provider.getTracer('app').startSpan('work').end();
      assert.deepEqual(first.ended[0]?.attributes, {});
      assert.deepEqual(second.ended[0]?.attributes, { [LEVEL]: 3 });
      marks.close();
      second.provider.getTracer('app').startSpan('after').end();
      assert.deepEqual(second.ended[1]?.attributes, {});
    });
  });
}
