/** Tools that run once: loaders of TypeScript, bundlers, linters, test runners. */
import type { Tool } from './applications-compare.ts';

const EVERY_WAY = ['require', 'import', 'node-options'] as const;
/** ts-node's hook is for CommonJS, and any `--import` makes Node.js take the program for a module. */
const COMMONJS = ['require', 'node-options'] as const;
/** A tool that starts processes or threads of its own. */
const WHOLE_TREE = ['node-options'] as const;

/** Node.js 22.15 does it only when it is asked to. */
const STRIP_TYPES = ['--experimental-strip-types'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

const webpack = ['node_modules/.bin/webpack', '--env'];
const jest = ['node_modules/.bin/jest', '--no-cache'];
const vitest = ['node_modules/.bin/vitest', 'run', '--reporter=default'];

export const loaders: readonly Tool[] = [
  {
    name: 'ts-node',
    app: 'loaders',
    args: ['node_modules/.bin/ts-node', 'hello.ts', 'you'],
    preloads: COMMONJS,
    code: 0,
  },
  { name: 'ts-node, -r', app: 'loaders', args: ['-r', 'ts-node/register', 'hello.ts'], preloads: ['require'], code: 0 },
  {
    name: 'ts-node, an error',
    app: 'loaders',
    args: ['-r', 'ts-node/register/transpile-only', 'throws.ts'],
    preloads: COMMONJS,
    code: 1,
  },
  {
    name: 'ts-node, wrong types',
    app: 'loaders',
    args: ['-r', 'ts-node/register', 'wrong-types.ts'],
    preloads: WHOLE_TREE,
    code: 1,
  },
  {
    name: 'tsx, with its child',
    app: 'loaders',
    args: ['node_modules/.bin/tsx', 'hello.ts', 'you'],
    preloads: EVERY_WAY,
    code: 0,
  },
  {
    name: 'tsx, an error',
    app: 'loaders',
    args: ['node_modules/.bin/tsx', 'throws.ts'],
    preloads: WHOLE_TREE,
    code: 1,
  },
  { name: 'tsx, --import', app: 'loaders', args: ['--import', 'tsx', 'hello.ts'], preloads: EVERY_WAY, code: 0 },
  {
    name: 'tsx, --import, an error',
    app: 'loaders',
    args: ['--import', 'tsx', 'throws.ts'],
    preloads: EVERY_WAY,
    code: 1,
  },
  {
    name: 'types stripped by Node.js',
    app: 'loaders',
    args: [...STRIP_TYPES, '--no-warnings', 'stripped.mts'],
    preloads: EVERY_WAY,
    code: 0,
  },
];

export const builders: readonly Tool[] = [
  {
    name: 'webpack',
    app: 'tools',
    args: [...webpack, 'entry=entry', '--env', 'out=out'],
    writes: 'out/**',
    preloads: ['require', 'node-options'],
    code: 0,
  },
  {
    name: 'webpack, an error',
    app: 'tools',
    args: [...webpack, 'entry=broken', '--env', 'out=out-broken'],
    preloads: WHOLE_TREE,
    code: 1,
  },
  { name: 'eslint', app: 'tools', args: ['node_modules/.bin/eslint', 'lint/good.mjs'], preloads: EVERY_WAY, code: 0 },
  { name: 'eslint, problems', app: 'tools', args: ['node_modules/.bin/eslint', 'lint'], preloads: WHOLE_TREE, code: 1 },
  {
    name: 'eslint, threads',
    app: 'tools',
    args: ['node_modules/.bin/eslint', '--concurrency', '2', 'lint'],
    preloads: WHOLE_TREE,
    code: 1,
  },
];

export const runners: readonly Tool[] = [
  {
    name: 'Jest, in band',
    isParallel: true,
    app: 'runners',
    args: [...jest, '--runInBand'],
    preloads: ['require', 'node-options'],
    code: 0,
  },
  {
    name: 'Jest, open handles',
    isParallel: true,
    app: 'runners',
    args: [...jest, '--detectOpenHandles'],
    preloads: WHOLE_TREE,
    code: 0,
  },
  {
    name: 'Jest, worker processes',
    isParallel: true,
    app: 'runners',
    args: [...jest, '--maxWorkers=2'],
    preloads: WHOLE_TREE,
    code: 0,
  },
  {
    name: 'Jest, worker threads',
    isParallel: true,
    app: 'runners',
    args: [...jest, '--maxWorkers=2', '--workerThreads'],
    preloads: WHOLE_TREE,
    code: 0,
  },
  {
    name: 'Jest, a failing test',
    app: 'runners',
    args: [...jest, '--rootDir=.', '--testMatch=**/jest-failing/*'],
    preloads: WHOLE_TREE,
    code: 1,
  },
  {
    name: 'Vitest, processes',
    isParallel: true,
    killsWorkers: true,
    app: 'runners',
    args: [...vitest, '--pool=forks'],
    preloads: ['require', 'node-options'],
    code: 0,
  },
  {
    name: 'Vitest, threads',
    isParallel: true,
    app: 'runners',
    args: [...vitest, '--pool=threads'],
    preloads: WHOLE_TREE,
    code: 0,
  },
  {
    name: 'Vitest, a failing test',
    app: 'runners',
    args: [...vitest, '--config=failing.config.mjs'],
    preloads: WHOLE_TREE,
    code: 1,
  },
];

export const nextBuild: Tool = {
  name: 'Next.js, next build',
  app: 'next',
  args: ['node_modules/.bin/next', 'build'],
  // the keys of the preview mode in prerender-manifest.json are new with each build
  writes: '.next/{BUILD_ID,{routes,build,app-path-routes}-manifest.json,server/app/**/*.{html,rsc,meta,js}}',
  killsWorkers: true,
  preloads: ['node-options'],
  code: 0,
};
