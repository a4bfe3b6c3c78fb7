/**
 * What Plimsoll sends is no part of the application's traces. Its instrumentations ask the context whether tracing is suppressed; the
 * context is the application's own, found without registering anything, since OpenTelemetry's API of another version would not find it.
 */
const API = Symbol.for('opentelemetry.js.api.1');
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface WithApi {
  readonly [API]?: { readonly context?: { active(): Context; with(context: Context, run: () => void): void } };
}

/** Runs it once, whatever the application's context manager does. */
export function untraced(run: () => void): void {
  let ran = false;
  const once = (): void => {
    ran = true;
    unheard(run);
  };
  try {
    const manager = (globalThis as WithApi)[API]?.context;
    if (manager === undefined) return once();
    manager.with(manager.active().setValue(SUPPRESS_TRACING, true), once);
  } catch (error) {
    if (ran) throw error;
  }
  if (!ran) once();
}

/** dd-trace asks no context: its `Socket.prototype.connect` makes a span as long as its own plugin listens to this channel. */
const DATADOG_CONNECTS = 'apm:net:tcp:start';

/** Connections are begun within one turn: nobody else's falls between the two lines, and nobody is unsubscribed. */
function unheard(run: () => void): void {
  const channels = process.getBuiltinModule('node:diagnostics_channel');
  if (!channels.hasSubscribers(DATADOG_CONNECTS)) return run();
  const channel = channels.channel(DATADOG_CONNECTS);
  Object.defineProperty(channel, 'hasSubscribers', { value: false, configurable: true });
  try {
    run();
  } finally {
    Reflect.deleteProperty(channel, 'hasSubscribers');
  }
}
