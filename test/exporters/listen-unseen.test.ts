/** A listener that tracers which wrap `dns.lookup` do not see. */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import test, { type TestContext } from 'node:test';

import { listenUnseen } from '../../exporters/listen-unseen.ts';

/** As a tracer wraps it; the names that were looked up through it. */
function wrapLookup(context: TestContext): { readonly asked: readonly unknown[]; readonly wrapped: typeof dns.lookup } {
  const original = dns.lookup;
  const asked: unknown[] = [];
  const wrapped = Object.assign((...args: Parameters<typeof dns.lookup>) => {
    asked.push(args[0]);
    return original(...args);
  }, original);
  dns.lookup = wrapped;
  context.after(() => {
    dns.lookup = original;
  });
  return { asked, wrapped };
}

function server(context: TestContext): Server {
  const made = createServer();
  context.after(() => made.close());
  return made;
}

const addresses = new Set(
  Object.values(networkInterfaces()).flatMap((some) => some?.map(({ address }) => address) ?? []),
);

for (const host of ['127.0.0.1', '::1']) {
  const skip = addresses.has(host) ? false : 'this machine has no such address';
  test(
    `${host} is listened at without a look-up, and dns.lookup is the application's as soon as it returns`,
    { skip },
    async (context) => {
      const { asked, wrapped } = wrapLookup(context);
      const listener = server(context);

      listenUnseen(listener, { host, port: 0, exclusive: true });
      assert.equal(dns.lookup, wrapped);
      await once(listener, 'listening');

      assert.equal((listener.address() as AddressInfo).address, host);
      assert.deepEqual(asked, []);
    },
  );
}

test('a name is looked up as ever', async (context) => {
  const { asked } = wrapLookup(context);
  const listener = server(context);
  listenUnseen(listener, { host: 'localhost', port: 0, exclusive: true });
  await once(listener, 'listening');
  assert.deepEqual(asked, ['localhost']);
});

test('an address that is not of this machine is an error of the server, as ever', async (context) => {
  wrapLookup(context);
  const listener = server(context);
  listenUnseen(listener, { host: '192.0.2.1', port: 0, exclusive: true });
  const [error] = (await once(listener, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'EADDRNOTAVAIL');
});

test('dns.lookup is back when listening throws', (context) => {
  const { wrapped } = wrapLookup(context);
  assert.throws(() => listenUnseen(server(context), { host: '127.0.0.1', port: 65_536 }), RangeError);
  assert.equal(dns.lookup, wrapped);
});
