/**
 * Node's own modules as the agent uses them, past the application's tracing. Instrumentations patch a module when it is first required,
 * so that a `require` of the agent's would change what they do; and an instrumentation of `node:fs` would make a span of every file
 * that the agent reads.
 */
export function untracedBuiltin(id: string): unknown {
  const module: unknown = process.getBuiltinModule(id);
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
