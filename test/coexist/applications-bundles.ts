/** An express application with Plimsoll's façade, bundled into one file by whom, and run where no package is installed. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { ensureNode } from '../../scripts/nodes.ts';
import { applicationIn, type Service } from './applications-compare.ts';

/** Bundled CommonJS packages call require(). */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Puts the two bundles of esbuild into the folder; `web` must be installed. */
export async function bundleWithEsbuild(folder: string): Promise<readonly Service[]> {
  const entryPoints = [join(applicationIn('web').folder, 'facade.mjs')];
  const shared = { entryPoints, bundle: true, platform: 'node', logLevel: 'error' } as const;
  await build({ ...shared, format: 'cjs', outfile: join(folder, 'esbuild.cjs') });
  await build({ ...shared, format: 'esm', outfile: join(folder, 'esbuild.mjs'), banner: { js: REQUIRE } });
  writeFileSync(join(folder, 'package.json'), '{ "name": "bundled-app" }\n');
  return [service('esbuild, CommonJS bundle', 'esbuild.cjs'), service('esbuild, module bundle', 'esbuild.mjs')];
}

/** The same with webpack; `tools` must be installed too. */
export function bundleWithWebpack(folder: string): readonly Service[] {
  const { folder: cwd } = applicationIn('tools');
  const args = ['node_modules/.bin/webpack', '--config', 'facade.config.cjs'];
  const env = { PATH: process.env['PATH'], CONTEXT: applicationIn('web').folder, OUT: folder };
  execFileSync(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  return [service('webpack, CommonJS bundle', 'webpack.cjs')];
}

/** Node.js itself with esbuild's bundle inside; Node.js 26 can make it without further tools. */
export function makeExecutable(folder: string): readonly Service[] {
  const executable = join(folder, 'single');
  const configuration = { main: 'esbuild.cjs', output: executable, disableExperimentalSEAWarning: true };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(configuration));
  execFileSync(ensureNode('26'), ['--build-sea', 'sea.json'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  // an executable takes no options but those of the environment
  return [{ ...service('single executable', 'unused'), args: [], preloads: ['node-options'], executable }];
}

function service(name: string, file: string): Service {
  return {
    name,
    app: 'web',
    args: [file],
    preloads: ['require', 'import', 'node-options'],
    ready: /listening/,
    serviceName: 'bundled-app',
    requests: [{ path: '/' }, { path: '/level' }, { path: '/nothing' }],
  };
}
