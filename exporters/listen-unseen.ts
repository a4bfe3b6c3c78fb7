import type { ListenOptions, Server } from 'node:net';
import type * as Dns from 'node:dns';

/**
 * `server.listen`, but an address in digits is not looked up: Node.js asks `dns.lookup` for those too, and tracers that wrap it would show
 * our listener as a span of the application (dd-trace, and OpenTelemetry's instrumentation-dns). The application's `dns.lookup`
 * is its own again when this returns; nothing else runs meanwhile.
 */
export function listenUnseen(server: Server, where: ListenOptions): void {
  const family = process.getBuiltinModule('node:net').isIP(where.host ?? '');
  if (family === 0) {
    server.listen(where);
    return;
  }
  const dns = process.getBuiltinModule('node:dns') as unknown as { lookup: Lookup };
  const { lookup } = dns;
  try {
    dns.lookup = answerOf(where.host ?? '', family);
  } catch {
    // somebody has made it read-only: a span more is no harm
  }
  try {
    server.listen(where);
  } finally {
    if (dns.lookup !== lookup) dns.lookup = lookup;
  }
}

/** As `listen` calls it: with no options, or for all addresses, by the version of Node.js. */
type Lookup = (host: string, ...rest: readonly unknown[]) => void;
type Callback = (error: null, found: string | readonly Dns.LookupAddress[], family?: number) => void;

function answerOf(address: string, family: number): Lookup {
  return (_host, ...rest) => {
    const callback = rest.at(-1) as Callback;
    const wantsAll = typeof rest[0] === 'object' && (rest[0] as Dns.LookupOptions).all === true;
    process.nextTick(() => (wantsAll ? callback(null, [{ address, family }]) : callback(null, address, family)));
  };
}
