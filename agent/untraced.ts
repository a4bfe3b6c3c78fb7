/**
 * Node's own modules as the agent uses them, past the application's tracing. Instrumentations patch a module when it is first asked for
 * by `require` or `process.getBuiltinModule`, so that the agent's asking would change what they do; and an instrumentation of `node:fs`
 * would make a span of every file that the agent reads.
 */
import Module from 'node:module';

/** What `require` itself calls; not a documented part of Node.js. */
const { _load: load } = Module as unknown as { readonly _load?: (id: string) => unknown };

export function untracedBuiltin(id: string): unknown {
  const module = load === undefined ? process.getBuiltinModule(id) : load(id);
  return id === 'node:fs' ? asItWas(module as object) : module;
}

/** Functions as they were before any wrapper, and whatever is wrapped later. Getters stay: `fs.promises` is dear to load. */
function asItWas(module: object): object {
  const copy: object = Object.create(module);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    if (typeof descriptor.value === 'function') {
      Object.defineProperty(copy, name, { ...descriptor, value: unwrapped(descriptor.value) });
    }
  }
  return copy;
}

/** shimmer, and OpenTelemetry's copy of it, keep what they wrap in `__original`. */
function unwrapped(wrapper: unknown): unknown {
  let inner = wrapper;
  while (typeof inner === 'function' && '__original' in inner) inner = inner.__original;
  return inner;
}
