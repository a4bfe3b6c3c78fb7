/** Services from npm that Plimsoll is preloaded into. The first that is named is the quickest; all start on a free port. */
import type { Service } from './applications-compare.ts';

const JSON_BODY = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"me"}' };
const EVERY_WAY = ['require', 'import', 'node-options'] as const;

export const quickServices: readonly Service[] = [
  {
    name: 'express, CommonJS',
    app: 'web',
    args: ['express.cjs'],
    preloads: EVERY_WAY,
    ready: /listening/,
    serviceName: 'web-app',
    requests: [
      { path: '/' },
      { path: '/users/me?a=1' },
      { path: '/echo', ...JSON_BODY },
      { path: '/fails' },
      { path: '/nothing' },
      { path: '/', method: 'HEAD' },
    ],
  },
  {
    name: 'express, module',
    app: 'web',
    args: ['express.mjs'],
    preloads: EVERY_WAY,
    ready: /listening/,
    serviceName: 'web-app',
    requests: [{ path: '/' }, { path: '/package.json' }, { path: '/fails' }],
  },
  {
    name: 'fastify, CommonJS',
    app: 'web',
    args: ['fastify.cjs'],
    preloads: ['require', 'import'],
    ready: /Server listening/,
    serviceName: 'web-app',
    requests: [{ path: '/' }, { path: '/stream' }],
  },
  {
    name: 'fastify, module',
    app: 'web',
    args: ['fastify.mjs'],
    preloads: EVERY_WAY,
    ready: /Server listening/,
    serviceName: 'web-app',
    requests: [{ path: '/' }, { path: '/users', ...JSON_BODY }, { path: '/users', method: 'POST' }, { path: '/fails' }],
  },
];

export const otherServices: readonly Service[] = [
  {
    name: 'NestJS, compiled',
    app: 'nest',
    args: ['dist/main.js'],
    preloads: EVERY_WAY,
    ready: /listening as (\d+)/,
    serviceName: 'nest-app',
    requests: [
      { path: '/' },
      { path: '/greetings/me' },
      { path: '/echo', ...JSON_BODY },
      { path: '/fails' },
      { path: '/nothing' },
    ],
  },
  {
    name: 'NestJS, nest start',
    app: 'nest',
    args: ['node_modules/.bin/nest', 'start'],
    preloads: ['node-options'],
    ready: /listening as (\d+)/,
    serviceName: 'nest-app',
    requests: [{ path: '/' }],
  },
  {
    name: 'Next.js, next start',
    app: 'next',
    args: ['node_modules/.bin/next', 'start', '--hostname', '127.0.0.1', '--port', '$PORT'],
    preloads: EVERY_WAY,
    ready: /Ready in/,
    serviceName: 'next-app',
    requests: [
      { path: '/' },
      { path: '/dynamic', headers: { 'x-name': 'me' } },
      { path: '/api/hello?name=me' },
      { path: '/api/hello', ...JSON_BODY },
      { path: '/api/edge' },
      { path: '/nothing' },
      { path: '/', headers: { 'accept-encoding': 'gzip' } },
    ],
  },
  {
    name: 'Next.js, next dev',
    app: 'next',
    args: ['node_modules/.bin/next', 'dev', '--hostname', '127.0.0.1', '--port', '$PORT'],
    preloads: ['node-options'],
    ready: /Ready in/,
    serviceName: 'next-app',
    requests: [{ path: '/api/hello?name=me' }],
  },
  {
    name: 'Verdaccio',
    app: 'verdaccio',
    args: ['node_modules/.bin/verdaccio', '--config', 'config.yaml', '--listen', '127.0.0.1:$PORT'],
    preloads: EVERY_WAY,
    ready: /http address/,
    serviceName: 'registry-app',
    requests: [{ path: '/-/ping' }, { path: '/' }, { path: '/no-such-package' }],
  },
];
