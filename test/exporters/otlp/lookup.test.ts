import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { LookupAddress } from 'node:dns';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { createLookup, type CancellableLookup } from '../../../exporters/otlp/lookup.ts';
import { startDnsServer, type DnsServer } from '../../helpers/dns-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lookup-'));
after(() => rmSync(folder, { recursive: true }));
const hostsPath = join(folder, 'hosts');
writeFileSync(hostsPath, '# comment\n10.0.0.7\tdb Collector.Local # here\n::7 collector.local\n');

function resolver(server: DnsServer, resolv = ''): CancellableLookup {
  const resolvPath = join(folder, `resolv-${server.address.replace(':', '-')}`);
  writeFileSync(resolvPath, resolv);
  return createLookup({ hostsPath, resolvPath, servers: [server.address] }, 'linux');
}

function ask({ lookup }: CancellableLookup, name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup?.(name, { all: true }, (error, found) => {
      if (error === null) resolve((found as LookupAddress[]).map(({ address, family }) => `${family} ${address}`));
      else reject(error);
    });
  });
}

test('the hosts file comes first, and localhost needs no entry', async () => {
  const server = await startDnsServer({});
  assert.deepEqual(await ask(resolver(server), 'collector.local'), ['4 10.0.0.7', '6 ::7']);
  assert.deepEqual(await ask(resolver(server), 'localhost'), ['4 127.0.0.1', '6 ::1']);
  assert.deepEqual(server.questions, []);
  server.close();
});

test('a short name is tried within the search domains, as in a pod', async () => {
  const server = await startDnsServer({ 'otel.observability.svc.cluster.local': '10.0.0.8' });
  const resolv = 'search shop.svc.cluster.local svc.cluster.local\noptions ndots:5 timeout:1\n';
  assert.deepEqual(await ask(resolver(server, resolv), 'otel.observability'), ['4 10.0.0.8']);
  assert.deepEqual(
    server.questions.filter((question) => question.startsWith('A ')),
    ['A otel.observability.shop.svc.cluster.local', 'A otel.observability.svc.cluster.local'],
  );
  server.close();
});

test('a name with enough dots is tried as it is first, and one with a dot at its end only so', async () => {
  const server = await startDnsServer({ 'c.example': '10.0.0.9' });
  const resolv = 'search here.example\n';
  assert.deepEqual(await ask(resolver(server, resolv), 'c.example'), ['4 10.0.0.9']);
  await assert.rejects(ask(resolver(server, resolv), 'nowhere.invalid.'));
  assert.ok(!server.questions.some((question) => question.includes('here.example')));
  server.close();
});

test('one address, for who asks for one', async () => {
  const server = await startDnsServer({ 'c.example': '10.0.0.9' });
  const { lookup } = resolver(server);
  const found = await new Promise((resolve) => {
    lookup?.('c.example', {}, (...answer) => resolve(answer));
  });
  assert.deepEqual(found, [null, '10.0.0.9', 4]);
  server.close();
});

test('a server that says nothing is waited for no longer than until it is cancelled', async () => {
  const server = await startDnsServer(undefined);
  const cancellable = resolver(server);
  const asked = ask(cancellable, 'c.example');
  setTimeout(cancellable.cancel, 50);
  await assert.rejects(asked, /ECANCELLED: the DNS server does not answer for c\.example/);
  server.close();
});

test("elsewhere than on Linux names are resolved by Node.js's own means", () => {
  assert.equal(createLookup(undefined, 'darwin').lookup, undefined);
});
