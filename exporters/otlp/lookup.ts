import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:http';

/**
 * The addresses of a name, without `getaddrinfo`: that runs in a thread that nothing can cancel, so that with a DNS server that does not answer
 * even `process.exit()` waits for it, seconds long. DNS is asked as resolv.conf says, after the hosts file; `getaddrinfo` is left
 * for names that DNS says do not exist, which may be known elsewhere (mDNS). Only on Linux; other systems have other files.
 */
export interface CancellableLookup {
  /** For a connection; undefined: Node.js's own. */
  readonly lookup: Lookup | undefined;
  cancel(): void;
}

export interface NameFiles {
  readonly hostsPath: string;
  readonly resolvPath: string;
  /** undefined: those of the system. */
  readonly servers: readonly string[] | undefined;
}

type Lookup = NonNullable<RequestOptions['lookup']>;
type LookupCallback = Parameters<Lookup>[2];
interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

const SYSTEM: NameFiles = { hostsPath: '/etc/hosts', resolvPath: '/etc/resolv.conf', servers: undefined };

export function createLookup(files: NameFiles = SYSTEM, platform = process.platform): CancellableLookup {
  if (platform !== 'linux') return { lookup: undefined, cancel: () => undefined };
  let cancelQueries: (() => void) | undefined;

  async function find(name: string): Promise<readonly Address[]> {
    const known = inHosts(read(files.hostsPath), name);
    if (known.length > 0) return known;
    const dns = process.getBuiltinModule('node:dns');
    const resolver = new dns.Resolver();
    if (files.servers !== undefined) resolver.setServers(files.servers);
    cancelQueries = () => resolver.cancel();
    let failure: string | undefined;
    for (const candidate of candidates(read(files.resolvPath), name)) {
      const ask = async (family: 4 | 6): Promise<readonly Address[]> =>
        await new Promise((resolve) => {
          resolver[`resolve${family}`](candidate, (error, addresses) => {
            if (error?.code === 'ETIMEOUT' || error?.code === 'ECANCELLED') failure = error.code;
            resolve(error === null ? addresses.map((address) => ({ address, family })) : []);
          });
        });
      const found = (await Promise.all([ask(4), ask(6)])).flat();
      if (found.length > 0) return found;
      if (failure !== undefined) throw new Error(`${failure}: the DNS server does not answer for ${candidate}`);
    }
    return await systemLookup(name);
  }

  async function answer(name: string, options: { all?: boolean | undefined }, callback: LookupCallback): Promise<void> {
    const found = await find(name).catch((error: unknown) => error as Error);
    if (found instanceof Error) return callback(found, '');
    const [first] = found;
    if (first === undefined) return callback(new Error(`ENOTFOUND: ${name} has no address`), '');
    if (options.all === true) return callback(null, [...found]);
    callback(null, first.address, first.family);
  }

  return {
    lookup: (name, options, callback) => void answer(name, options, callback),
    cancel: () => cancelQueries?.(),
  };
}

function systemLookup(name: string): Promise<readonly Address[]> {
  const dns = process.getBuiltinModule('node:dns');
  return new Promise((resolve, reject) => {
    dns.lookup(name, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })));
      else reject(error);
    });
  });
}

/** hosts(5); `localhost` needs no entry. */
function inHosts(text: string, name: string): readonly Address[] {
  const found = text.split('\n').flatMap((line): Address[] => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!names.some((known) => known.toLowerCase() === name.toLowerCase())) return [];
    return [{ address, family: address.includes(':') ? 6 : 4 }];
  });
  if (found.length > 0 || name.toLowerCase() !== 'localhost') return found;
  return [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
}

/** resolv.conf(5), `search` and `ndots`: a name with few dots is tried within the search domains first. */
function candidates(text: string, name: string): readonly string[] {
  if (name.endsWith('.')) return [name];
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const domains = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? [];
  const within = domains.map((domain) => `${name}.${domain}`);
  const ndots = Number(/^\s*options\s.*\bndots:(\d+)/m.exec(text)?.[1] ?? 1);
  return name.split('.').length - 1 >= ndots ? [name, ...within] : [...within, name];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a container need not have one
  }
}
