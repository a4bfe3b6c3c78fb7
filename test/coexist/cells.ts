/** The ways in which an application and Plimsoll meet. A cell is run twice, with Plimsoll and without. */
import { join } from 'node:path';

import { AGENT } from '../helpers/run-node.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');

export const LOADERS = ['require', 'import', 'NODE_OPTIONS'] as const;
export type Loader = (typeof LOADERS)[number];

export const ORDERS = ['plimsoll first', 'SDK first', 'SDK late', 'registered anew'] as const;
export type Order = (typeof ORDERS)[number];

export interface Cell {
  /** A folder of test/apps. */
  readonly app: string;
  readonly loader: Loader;
  readonly order: Order;
  /** What is loaded before the program to start the application's telemetry; undefined: the program brings it. */
  readonly telemetry: string | undefined;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The SDK of one major version, set up by hand. */
export function sdkCell(app: string, loader: Loader, order: Order, instrumentations: readonly string[] = ['http']): Cell {
  const extension = loader === 'import' ? 'mjs' : 'cjs';
  return {
    app,
    loader,
    order,
    telemetry: order === 'SDK late' ? undefined : join(PROGRAMS, `telemetry.${extension}`),
    program: join(PROGRAMS, `app.${extension}`),
    env: {
      APP_INSTRUMENTATIONS: instrumentations.join(','),
      ...(order === 'SDK late' ? { APP_START: 'late' } : {}),
    },
  };
}

export interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function invocationOf(cell: Cell, withPlimsoll: boolean): Invocation {
  const agent = withPlimsoll ? [AGENT] : [];
  const telemetry = cell.telemetry === undefined ? [] : [cell.telemetry];
  const aged = join(PROGRAMS, 'aged.cjs');
  const preloads = cell.order === 'SDK first' ? [aged, ...telemetry, ...agent] : [aged, ...agent, ...telemetry];
  if (cell.loader === 'NODE_OPTIONS') {
    const options = preloads.map((path) => `--require ${path}`).join(' ');
    return { args: [cell.program], env: { ...cell.env, NODE_OPTIONS: options } };
  }
  const flag = cell.loader === 'import' ? '--import' : '-r';
  return { args: [...preloads.flatMap((path) => [flag, path]), cell.program], env: cell.env };
}
