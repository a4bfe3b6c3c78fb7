/** Builds dist/: the preload as one CommonJS file, the façade, what is imported by its own name, the command line, the declarations. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, type BuildOptions, type Plugin } from 'esbuild';

import { OLDEST_NODE } from '../agent/model/version.ts';
import { buildPage } from './page.ts';

const [major, minor] = OLDEST_NODE;

/**
 * The preload is parsed by whatever Node.js runs the application. So: syntax of 2018 outside the embedded texts, and before anything is
 * required, a version check in syntax that every Node.js can run. `return` ends a CommonJS module.
 */
const OLD_NODE_GUARD = `
var plimsollNode = (typeof process === 'object' && process.versions && process.versions.node || '0.0').split('.');
if (+plimsollNode[0] < ${major} || (+plimsollNode[0] === ${major} && +plimsollNode[1] < ${minor})) {
  if (!/[\\\\/](npm|npx|yarn|pnpm|pnpx|corepack)(-cli)?(\\.[cm]?js)?$/.test(process.argv[1] || '') && !process.__plimsollOldNode) {
    process.__plimsollOldNode = true;
    process.stderr.write('[plimsoll] PLM_NODE_TOO_OLD: this is Node.js ' + process.versions.node + ', must be ${major}.${minor} or newer. The agent does nothing.\\n');
  }
  return;
}`;

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });

/** The preload's parts: CommonJS, `import()` turned into `require`. */
const preloadPart: BuildOptions = { ...shared, format: 'cjs', supported: { 'dynamic-import': false }, minify: true };

/** Texts of their own: who does not need one does not compile it. register.ts gives each out under its name. */
const APART: readonly (readonly [path: RegExp, name: string])[] = [
  [/^\.\/otlp\/index\.ts$/, 'plimsoll-otlp'],
  [/^\.\/control\/server\.ts$/, 'plimsoll-control'],
  [/^\.\/predecessors\.ts$/, 'plimsoll-predecessors'],
  [/^\.\/yaml\.ts$/, 'plimsoll-yaml'],
];
const apart: Plugin = {
  name: 'apart',
  setup(builder) {
    for (const [filter, path] of APART) builder.onResolve({ filter }, () => ({ path, external: true }));
  },
};

/** What the tables of problems and options say for the documentation and the command line: the agent needs none of it. */
const undocumented: Plugin = {
  name: 'undocumented',
  setup(builder) {
    builder.onLoad({ filter: /agent[\\/](?:model[\\/]problem[\w-]*|config[\\/]options)\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(/\b(?:when|now|doc):\s*(['"`])(?:\\.|(?!\1)[^\\])*\1,/g, ''),
      loader: 'ts',
    }));
  },
};

/** A part that the preload compiles when it needs it: no older Node.js gets to see its syntax. */
async function embedded(name: string, entry: string): Promise<string> {
  const result = await build({
    ...preloadPart,
    entryPoints: [entry],
    plugins: [apart, undocumented],
    define: { 'process.getBuiltinModule': 'untracedBuiltin' },
    target: 'node22.15',
    write: false,
  });
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(result.metafile));
  return JSON.stringify(result.outputFiles[0]?.text ?? '');
}

await build({
  ...preloadPart,
  // `import()` of discovery/imports.ts is newer than 2018, and known to every Node.js from 10 on
  supported: { 'dynamic-import': true },
  target: 'es2018',
  entryPoints: ['agent/register.ts'],
  outfile: 'dist/register.cjs',
  banner: { js: OLD_NODE_GUARD },
  define: {
    PLIMSOLL_AGENT_SOURCE: await embedded('agent', 'agent/launch.ts'),
    PLIMSOLL_OTLP_SOURCE: await embedded('otlp', 'exporters/otlp/index.ts'),
    PLIMSOLL_CONTROL_SOURCE: await embedded('control', 'agent/control/server.ts'),
    PLIMSOLL_PREDECESSORS_SOURCE: await embedded('predecessors', 'agent/predecessors.ts'),
    PLIMSOLL_YAML_SOURCE: await embedded('yaml', 'agent/config/yaml.ts'),
  },
});
await build({
  ...shared,
  entryPoints: ['agent/index.ts'],
  outfile: 'dist/index.cjs',
  format: 'cjs',
  target: 'es2020',
  external: ['./register.cjs'],
});
/** lru-cache tells of each call on a diagnostics channel; ours is known already, and must not be found a second time. */
const untoldLruCache: Plugin = {
  name: 'untold-lru-cache',
  setup(builder) {
    builder.onResolve({ filter: /^lru-cache$/ }, () => ({ path: resolve('node_modules/lru-cache/dist/esm/index.js') }));
    builder.onLoad({ filter: /lru-cache.*diagnostics-channel\.js$/ }, () => ({
      contents: 'export const metrics = { hasSubscribers: false }; export const tracing = metrics;',
    }));
  },
};
for (const name of ['cache', 'http']) {
  const { metafile } = await build({
    ...shared,
    entryPoints: [`agent/${name}.ts`],
    outfile: `dist/${name}.cjs`,
    format: 'cjs',
    target: 'node22.15',
    plugins: [untoldLruCache],
  });
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(metafile));
}
const page = await buildPage();
writeFileSync('dist/page.meta.json', JSON.stringify(page.metafile));
/**
 * Node's own modules when whoever uses them first is run, and by a call: an `import` of one in an ES module reads every export, of which
 * `node:http` has some that load undici (13 MB).
 */
const builtinsByCall: Plugin = {
  name: 'builtins-by-call',
  setup(builder) {
    builder.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path, namespace: 'builtin', sideEffects: false } : undefined,
    );
    builder.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
/** Two files: `plimsoll sidecar` runs for months and loads no yargs, and no command loads the sidecar. */
const [commandLine, sidecar] = await Promise.all(
  [
    ['agent/cli/main.ts', 'dist/cli.mjs', '#!/usr/bin/env node\n'],
    ['agent/sidecar/index.ts', 'dist/sidecar.mjs', ''],
  ].map(async ([entry = '', outfile = '', shebang = '']) =>
    build({
      ...shared,
      entryPoints: [entry],
      outfile,
      format: 'esm',
      target: 'node22.15',
      minify: true,
      external: ['./sidecar.mjs'],
      plugins: [builtinsByCall],
      define: { PLIMSOLL_PAGE: JSON.stringify(page.texts) },
      banner: {
        js: `${shebang}import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
      },
    }),
  ),
);
writeFileSync('dist/cli.meta.json', JSON.stringify(commandLine?.metafile));
writeFileSync('dist/sidecar.meta.json', JSON.stringify(sidecar?.metafile));
// beside the sidecar, which reads it when it is asked for
copyFileSync('agent/sidecar/api/openapi.json', 'dist/openapi.json');
// The package is ESM; everything built but the command line is CommonJS, its declarations included.
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
