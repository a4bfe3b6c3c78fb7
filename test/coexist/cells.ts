/** The ways in which an application and Plimsoll meet. A cell is run twice, with Plimsoll and without. */
import { join } from 'node:path';

import { AGENT } from '../helpers/run-node.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');

export const LOADERS = ['require', 'import', 'NODE_OPTIONS'] as const;
export type Loader = (typeof LOADERS)[number];

export const ORDERS = ['plimsoll first', 'SDK first', 'SDK late', 'registered anew'] as const;
export type Order = (typeof ORDERS)[number];

/** Plimsoll's way out: through the application's SDK, or beside it. */
export type Way = 'join' | 'prometheus' | 'otlp';

export interface Cell {
  /** A folder of test/apps. */
  readonly app: string;
  readonly loader: Loader;
  readonly order: Order;
  /** What is loaded before the program to start the application's telemetry; undefined: the program brings it. */
  readonly telemetry: string | undefined;
  readonly program: string;
  readonly way: Way;
  /** What the application exports its metrics by. */
  readonly theirs: 'otlp' | 'prometheus';
  readonly instrumentations: readonly string[];
  /** The process says that it is 10 s older than it is: a younger one is not joined. */
  readonly isAged: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Of SDK majors 1, 2 and 3, set up by hand. */
export const APPS = ['otel-1', 'otel-2', 'otel-3'] as const;

type CellChoice = Pick<Cell, 'app' | 'loader' | 'order'> & Partial<Pick<Cell, 'way' | 'theirs' | 'instrumentations'>>;

/** What patches node:http, node:fs, node:net, node:dns: it sees whatever the agent does with them. */
const PATCHING = ['http', 'fs', 'net', 'dns'];

/** When `--import` comes second, Node.js itself reads the file through the patched node:fs: two spans for whatever is imported. */
function patching({ loader, order }: Pick<Cell, 'loader' | 'order'>): readonly string[] {
  return loader === 'import' && order === 'SDK first' ? PATCHING.filter((name) => name !== 'fs') : PATCHING;
}

/** Those that have metrics of the same names as ours. */
export const MEASURING = ['http', 'runtime', 'host'];

export function sdkCell(choice: CellChoice): Cell {
  const { app, loader, order, way = 'join', theirs = 'otlp', instrumentations = patching(choice) } = choice;
  const extension = loader === 'import' ? 'mjs' : 'cjs';
  return {
    app,
    loader,
    order,
    way,
    theirs,
    instrumentations,
    isAged: true,
    telemetry: order === 'SDK late' ? undefined : join(PROGRAMS, `telemetry.${extension}`),
    program: join(PROGRAMS, `app.${extension}`),
    env: {
      APP_INSTRUMENTATIONS: instrumentations.join(','),
      PLIMSOLL_EXPORTER: way === 'join' ? 'auto' : way,
      PLIMSOLL_METRICS: 'full',
      ...(order === 'SDK late' ? { APP_START: 'late' } : {}),
    },
  };
}

export function allCells(): Cell[] {
  const matrix = APPS.flatMap((app) =>
    LOADERS.flatMap((loader) => ORDERS.map((order) => sdkCell({ app, loader, order }))),
  );
  const special = APPS.flatMap((app) => [
    sdkCell({ app, loader: 'require', order: 'plimsoll first', instrumentations: MEASURING }),
    sdkCell({ app, loader: 'import', order: 'SDK late', instrumentations: MEASURING }),
    // without http: the test's own scrapes would be spans and series
    sdkCell({
      app,
      loader: 'require',
      order: 'plimsoll first',
      theirs: 'prometheus',
      instrumentations: ['fs', 'dns'],
    }),
    sdkCell({ app, loader: 'require', order: 'SDK first', way: 'prometheus' }),
    sdkCell({ app, loader: 'require', order: 'SDK first', way: 'otlp' }),
  ]);
  return [...matrix, ...special];
}

/** Each major, loader and order at least once, and the cells that are telling. */
export function shortCells(): Cell[] {
  const orders = ORDERS.flatMap((order, index) => {
    const app = APPS[index % APPS.length] ?? 'otel-3';
    return sdkCell({ app, loader: LOADERS[index % LOADERS.length] ?? 'require', order });
  });
  const special = APPS.map((app) =>
    sdkCell({ app, loader: 'require', order: 'SDK late', instrumentations: MEASURING }),
  );
  const apart = (['prometheus', 'otlp'] as const).map((way) =>
    sdkCell({ app: 'otel-2', loader: 'require', order: 'SDK first', way }),
  );
  return [...orders, ...special, ...apart];
}

export interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function invocationOf(cell: Cell, withPlimsoll: boolean): Invocation {
  const agent = withPlimsoll ? [AGENT] : [];
  const telemetry = cell.telemetry === undefined ? [] : [cell.telemetry];
  const aged = cell.isAged ? [join(PROGRAMS, 'aged.cjs')] : [];
  const preloads = cell.order === 'SDK first' ? [...aged, ...telemetry, ...agent] : [...aged, ...agent, ...telemetry];
  if (cell.loader === 'NODE_OPTIONS') {
    const options = preloads.map((path) => `--require ${path}`).join(' ');
    return { args: [cell.program], env: { ...cell.env, NODE_OPTIONS: options } };
  }
  const flag = cell.loader === 'import' ? '--import' : '-r';
  return { args: [...preloads.flatMap((path) => [flag, path]), cell.program], env: cell.env };
}
