/** What is answered instead of what was asked for: a problem document (RFC 9457) with a code of docs/errors.md. */
import { STATUS_CODES } from 'node:http';

import type { ProblemCode } from '../../model/problem.ts';
import type { ApiProblem } from './types.ts';

export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 414 | 415 | 429 | 431 | 500 | 503;

/** Thrown by whatever finds that a request cannot be answered. */
export class Refusal extends Error {
  readonly status: RefusalStatus;
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: RefusalStatus,
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

export function problemText({ status, code, message }: Refusal): string {
  const document: ApiProblem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? '',
    status,
    detail: message,
    code,
  };
  return `${JSON.stringify(document)}\n`;
}

/** Longest part of what was sent that is repeated. */
const MOST_REPEATED = 80;

export function badValue(name: string, value: unknown, allowed: string): Refusal {
  const given = JSON.stringify(value) ?? 'nothing';
  const shown = given.length > MOST_REPEATED ? `${given.slice(0, MOST_REPEATED)}…` : given;
  return new Refusal(400, 'PLM_API_PARAMETER', `${name} is ${shown}, must be ${allowed}. Nothing is done.`);
}
