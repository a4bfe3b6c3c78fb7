/** Who may ask for what: checked before anything is looked at. */
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

import { createRates } from './rates.ts';
import { Refusal } from './refusal.ts';
import type { Access } from './route.ts';
import type { Token } from './token.ts';

export interface GateParts {
  /** As in PLIMSOLL_API_LISTEN. */
  readonly host: string;
  /** undefined: none is asked for. */
  readonly token: Token | undefined;
  readonly isWriteOn: boolean;
  monotonicMs(): number;
}

export interface Gate {
  /** Of everything, the page included. Throws a Refusal. */
  enter(request: IncomingMessage): void;
  /** Of the API. */
  authorize(request: IncomingMessage): void;
  allow(access: Access): void;
}

/** A page that opens fetches a few dozen; more than this each second is nobody who reads it. */
const EVERYTHING = { perSecond: 50, burst: 500 };
const WRONG_TOKENS = { perSecond: 0.2, burst: 10 };
const LONGEST_QUERY = 2048;

export function createGate({ host, token, isWriteOn, monotonicMs }: GateParts): Gate {
  const everything = createRates(EVERYTHING, monotonicMs);
  const wrongTokens = createRates(WRONG_TOKENS, monotonicMs);
  // beyond loopback it goes by names that only the network knows; there the token keeps foreign pages out
  const anyHost = token !== undefined && !isLoopback(host);

  return {
    enter(request) {
      const waitSeconds = everything.take(addressOf(request));
      if (waitSeconds > 0) throw tooMany('requests', waitSeconds);
      const { url = '', headers } = request;
      if (!url.startsWith('/'))
        throw new Refusal(400, 'PLM_API_REQUEST', 'The target must be a path that begins with /.');
      const query = url.indexOf('?');
      if (query >= 0 && url.length - query > LONGEST_QUERY) {
        throw new Refusal(414, 'PLM_API_TOO_LONG', `The query is longer than ${LONGEST_QUERY} characters.`);
      }
      if (!anyHost && !isKnownHost(headers.host, host)) {
        const repair = 'ask by localhost or the address it listens on, or set PLIMSOLL_API_TOKEN_FILE';
        throw new Refusal(403, 'PLM_API_FOREIGN', `This Host is not known here; ${repair}.`);
      }
      if (isForeign(request))
        throw new Refusal(403, 'PLM_API_FOREIGN', 'The request comes from a page of another origin.');
    },
    authorize(request) {
      if (token === undefined || token.isIn(request.headers.authorization)) return;
      // whoever has the token is never locked out by others behind the same address: it is too long to be guessed
      const waitSeconds = wrongTokens.take(addressOf(request));
      if (waitSeconds > 0) throw tooMany('requests without the right token', waitSeconds);
      const isWrong = request.headers.authorization !== undefined;
      const detail = `The bearer token ${isWrong ? 'is not the right one' : 'is missing'}: Authorization: Bearer <what the file PLIMSOLL_API_TOKEN_FILE holds>.`;
      const challenge = `Bearer realm="plimsoll"${isWrong ? ', error="invalid_token"' : ''}`;
      throw new Refusal(401, 'PLM_API_UNAUTHORIZED', detail, { 'www-authenticate': challenge });
    },
    allow(access) {
      if (access !== 'read' && token === undefined) {
        throw new Refusal(
          403,
          'PLM_API_NEEDS_TOKEN',
          'This route answers only where PLIMSOLL_API_TOKEN_FILE is set. Nothing is done.',
        );
      }
      if (access === 'write' && !isWriteOn) {
        throw new Refusal(
          403,
          'PLM_API_WRITE_OFF',
          'This route changes something; PLIMSOLL_API_WRITE must be on. Nothing is done.',
        );
      }
    },
  };
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** A name that its owner lets point to this machine (DNS rebinding) makes a page of his one of this server's own. Any port: it may be forwarded. */
function isKnownHost(given: string | undefined, listened: string): boolean {
  const name = hostName(given);
  return name !== undefined && (isLoopback(name) || name === listened.toLowerCase());
}

function hostName(given: string | undefined): string | undefined {
  const [, v6, name] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@]+))(?::\d{1,5})?$/.exec(given?.toLowerCase() ?? '') ?? [];
  return v6 ?? name;
}

/** Browsers say where a request comes from; who is no browser says nothing. */
function isForeign({ headers, method }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && !isSameOrigin(origin, host)) return true;
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  // a link to here, followed by a person
  return !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document');
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    return from === new URL(`${protocol}//${String(host)}`).host;
  } catch {
    return false;
  }
}

function tooMany(what: string, waitSeconds: number): Refusal {
  const seconds = Math.ceil(waitSeconds);
  const detail = `Too many ${what} from this address. Try again in ${seconds} s.`;
  return new Refusal(429, 'PLM_API_TOO_MANY', detail, { 'retry-after': String(seconds) });
}
