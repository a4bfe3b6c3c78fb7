/** What a route is: from this one description it is found, its request checked, and OpenAPI and docs/api.md written. */
import type { ServerResponse } from 'node:http';

import type { Clock } from '../../sample/clock.ts';
import type { Fleet } from '../fleet.ts';
import type { Machine } from './machine.ts';
import { text, type Parameters, type ValuesOf } from './parameters.ts';
import type { SchemaName } from './schemas.ts';
import type { Streams } from './streams.ts';

/** `secret`: asks for a token where none is set too. `write`: and for PLIMSOLL_API_WRITE=on. */
export type Access = 'read' | 'secret' | 'write';

/** What the routes see of the sidecar. */
export interface ApiWorld {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Where captures are. */
  readonly dataDirectory: string;
  readonly streams: Streams;
  readonly machine: Machine;
  /** Begins when what was given before has ended. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

export interface Asked<Q, B> {
  readonly query: Q;
  readonly body: B;
  /** Of the path, where it has one. */
  readonly name: string;
  readonly accept: string;
}

export type Answer =
  | { readonly json: object }
  /** Written as fast as the other side reads. */
  | {
      readonly pieces: AsyncIterable<string | Uint8Array>;
      readonly type: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Answers by itself, for as long as it likes. */
  | { attach(response: ServerResponse): void };

export interface Route<Q extends Parameters = Parameters, B extends Parameters = Parameters> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Behind `/api/v1` and `/api`; at most one `:name`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query: Q;
  /** undefined: takes none. */
  readonly body?: B;
  /** undefined: not JSON. */
  readonly answers?: SchemaName;
  /** What it answers with beside JSON, or in its place. */
  readonly types?: readonly string[];
  /** Whether what answers so stays open, and is counted where it is written. */
  isStream?(accept: string): boolean;
  /** What it may be refused with beside what every route may. */
  readonly statuses?: readonly (404 | 409 | 503)[];
  answer(asked: Asked<ValuesOf<Q>, ValuesOf<B>>, world: ApiWorld): Answer | Promise<Answer>;
}

/** Names are checked where it is written down; the table holds all of them alike. */
export function route<const Q extends Parameters, const B extends Parameters = Record<string, never>>(
  row: Route<Q, B>,
): Route {
  return row;
}

/** Whom it is about; undefined: every process. */
export interface Target {
  readonly instance: string | undefined;
  readonly process: string | undefined;
}

export const WHO = {
  instance: text('Only this process: `service.instance.id`, the name of its ring file.'),
  process: text('Only processes in this slot: `main`, `worker-1`.'),
};
export const JOB = { job_id: text('Only what belongs to this job.') };

export function isWanted(target: Target): (one: { readonly instance: string; readonly process: string }) => boolean {
  return ({ instance, process }) =>
    (target.instance === undefined || instance === target.instance) &&
    (target.process === undefined || process === target.process);
}
