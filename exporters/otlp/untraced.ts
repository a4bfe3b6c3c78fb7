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
    run();
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
