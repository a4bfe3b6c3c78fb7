/** The bearer token: a file, read again when it changes. */
import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

import { problem, whyOf, type Problem } from '../../model/problem.ts';

export interface Token {
  /** Of an `Authorization` header, compared in constant time. */
  isIn(authorization: string | undefined): boolean;
}

export interface TokenParts {
  readonly path: string;
  monotonicMs(): number;
  onProblem(found: Problem): void;
}

const SHORTEST = 16;
const LONGEST_BYTES = 4096;
const LOOK_EACH_MS = 1000;
const READABLE_BY_ALL = 0o004;
/** What may stand in a bearer token: RFC 6750, section 2.1. */
const PATTERN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The problem, where there is no token to begin with. */
export function openToken({ path, monotonicMs, onProblem }: TokenParts): Token | Problem {
  const first = read(path);
  if ('code' in first) return first;
  let known = first;
  let told = '';
  let lookedMs = monotonicMs();

  /** One that cannot be used any more leaves the old one in force: a secret is often replaced in two steps. */
  function look(): void {
    if (monotonicMs() - lookedMs < LOOK_EACH_MS) return;
    lookedMs = monotonicMs();
    if (versionOf(path) === known.version) return;
    const now = read(path);
    if (!('code' in now)) known = now;
    else if (now.message !== told) onProblem(problem(now.code, `${now.message} The token from before stays in force.`));
    told = 'code' in now ? now.message : '';
  }

  return {
    isIn(authorization) {
      look();
      const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
      return given !== undefined && timingSafeEqual(digest(given), known.digest);
    },
  };
}

interface Read {
  readonly digest: Buffer;
  readonly version: string;
}

function read(path: string): Read | Problem {
  const named = `PLIMSOLL_API_TOKEN_FILE is ${path}`;
  try {
    const version = versionOf(path);
    const { mode, size } = statSync(path);
    if (process.platform !== 'win32' && (mode & READABLE_BY_ALL) !== 0) {
      return unusable(`${named}: every user can read it; take that away (chmod o-r, in Kubernetes defaultMode: 0440).`);
    }
    if (size > LONGEST_BYTES) return unusable(`${named}: it is no token, it has ${size} bytes.`);
    const text = readFileSync(path, 'utf8').trim();
    if (text.length < SHORTEST || !PATTERN.test(text)) {
      const allowed = `one line of at least ${SHORTEST} characters of A-Z a-z 0-9 - . _ ~ + /`;
      return unusable(`${named}: it must hold ${allowed} (openssl rand -hex 32).`);
    }
    return { digest: digest(text), version };
  } catch (error) {
    return unusable(`${named}: it cannot be read (${whyOf(error)}).`);
  }
}

function unusable(message: string): Problem {
  return problem('PLM_API_TOKEN', message);
}

/** A secret of Kubernetes is a link that is turned to another file. */
function versionOf(path: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return [mtimeMs, ctimeMs, size, ino].join(' ');
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
