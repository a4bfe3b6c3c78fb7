/** Answers of the mounted routes; errors are problem documents (RFC 9457) with a code of docs/errors.md. */
import type { ProblemCode } from '../../agent/model/problem.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Written piece by piece, as fast as the other side reads. */
  readonly body: Iterable<string>;
}

const STATUS_TITLES = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
} as const;

export function json(data: unknown, status = 200, type = 'application/json'): Answer {
  return { status, headers: { 'content-type': type }, body: [`${JSON.stringify(data)}\n`] };
}

export function failed(status: keyof typeof STATUS_TITLES, code: ProblemCode, detail: string): Answer {
  const document = { type: 'about:blank', title: STATUS_TITLES[status], status, detail, code };
  return json(document, status, 'application/problem+json');
}

/** Thrown by what reads a parameter. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('refused');
    this.answer = answer;
  }
}

export function badParameter(name: string, value: string, allowed: string): Refusal {
  return new Refusal(
    failed(400, 'PLM_HTTP_PARAMETER', `${name} is ${JSON.stringify(value)}, must be ${allowed}. Nothing is done.`),
  );
}
