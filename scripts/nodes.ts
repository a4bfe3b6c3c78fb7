/**
 * Other versions of Node.js, for tests and benchmarks that run on several: the npm packages that the dev dependency `node`
 * is made of, installed into .cache/nodes when they are first asked for.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { npm } from './npm.ts';

const IS_WINDOWS = process.platform === 'win32';
const CACHE = fileURLToPath(new URL('../.cache/nodes', import.meta.url));

/**
 * The path of its binary. `version` is `22.15.0`, or a major like `22`: the newest of it when it was first asked for.
 * Throws when npm cannot install it; npm's own words are on stderr.
 */
export function ensureNode(version: string): string {
  if (version === process.versions.node) return process.execPath;
  const binary = (folder: string): string =>
    `${folder}/node_modules/${packageName()}/bin/node${IS_WINDOWS ? '.exe' : ''}`;
  const folder = `${CACHE}/${version}`;
  if (existsSync(binary(folder))) return binary(folder);

  // beside its place and then moved there: whoever sees it sees it whole
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const options = ['--prefix', unfinished, '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  npm(['install', ...options, `${packageName()}@${version}`]);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(binary(folder))) throw error;
    rmSync(unfinished, { recursive: true, force: true }); // another process was first
  }
  return binary(folder);
}

/** As the package `node` names its parts. */
function packageName(): string {
  const isAppleSilicon = process.platform === 'darwin' && process.arch === 'arm64';
  return `${isAppleSilicon ? 'node-bin' : 'node'}-${IS_WINDOWS ? 'win' : process.platform}-${process.arch}`;
}
