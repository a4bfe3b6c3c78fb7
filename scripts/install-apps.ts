/**
 * The applications that the tests preload Plimsoll into are no dependencies of the project: each folder of test/apps has a
 * package.json and a lock file of its own, since they need different versions of the same packages. `npm run apps` installs all of
 * them into .cache/apps, `npm run apps -- otel-1 next` these. Examples that need packages are installed in the same way, and find
 * Plimsoll itself there, as they would where it is installed.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { npm } from './npm.ts';

const ROOT = resolve(import.meta.dirname, '..');
const APPS = join(ROOT, 'test/apps');
const EXAMPLES = join(ROOT, 'examples');
const INSTALLED = join(ROOT, '.cache/apps');
/** The lock file that was installed. */
const STAMP = 'node_modules/.installed-lock.json';

export interface App {
  /** Its programs, as they are in test/apps or examples now, beside its packages. */
  readonly folder: string;
  /** false, or why tests that need this folder are skipped. */
  readonly skip: false | string;
}

/** One of the folders of test/apps or examples, ready to run. */
export function appIn(name: string): App {
  copySources(name);
  const folder = join(INSTALLED, name);
  return { folder, skip: isInstalled(name) ? false : `not installed: npm run apps -- ${name}` };
}

function isExample(name: string): boolean {
  return !existsSync(join(APPS, name));
}

function sourcesOf(name: string): string {
  return join(isExample(name) ? EXAMPLES : APPS, name);
}

function isInstalled(name: string): boolean {
  const stamp = join(INSTALLED, name, STAMP);
  const lock = join(sourcesOf(name), 'package-lock.json');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(lock, 'utf8');
}

/** Each file at once and only when it changed: other tests may be running the programs. */
function copySources(name: string): void {
  const from = sourcesOf(name);
  for (const entry of globSync('**/*', { cwd: from, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('node_modules')) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(INSTALLED, name, source.slice(from.length));
    const bytes = readFileSync(source);
    if (existsSync(target) && readFileSync(target).equals(bytes)) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.${process.pid}`, bytes);
    renameSync(`${target}.${process.pid}`, target);
  }
}

export function install(name: string): void {
  copySources(name);
  if (isInstalled(name)) return;
  process.stdout.write(`${name}\n`);
  const cwd = join(INSTALLED, name);
  const options = ['--no-audit', '--no-fund', '--no-progress', '--ignore-scripts'];
  npm(['ci', ...options], cwd);
  mkdirSync(join(cwd, 'node_modules'), { recursive: true });
  if (isExample(name)) symlinkSync(ROOT, join(cwd, 'node_modules/plimsoll'), 'junction');
  writeFileSync(join(cwd, STAMP), readFileSync(join(cwd, 'package-lock.json')));
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const all = [APPS, EXAMPLES].flatMap((cwd) => globSync('*/package.json', { cwd }).map((path) => dirname(path)));
  for (const name of asked.length === 0 ? all.toSorted() : asked) install(name);
}
