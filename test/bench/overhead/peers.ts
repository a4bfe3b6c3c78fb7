/**
 * The peers are no dependencies of the project: their exact versions live in peers/package-lock.json, and they are installed
 * into .cache/bench-peers when they are first measured.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WANTED = fileURLToPath(new URL('peers', import.meta.url));
export const PEERS = fileURLToPath(new URL('../../../.cache/bench-peers', import.meta.url));

/** Undefined when the peers are there; else why they are not. */
export function installPeers(): string | undefined {
  const lockOf = (folder: string): string => readFileSync(`${folder}/package-lock.json`, 'utf8');
  const installed = existsSync(`${PEERS}/node_modules/.package-lock.json`) && lockOf(PEERS) === lockOf(WANTED);
  cpSync(WANTED, PEERS, { recursive: true });
  if (installed) return undefined;
  console.error(`installing the peers into ${PEERS}`);
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEERS, encoding: 'utf8' });
  return status === 0 ? undefined : `npm ci in ${PEERS} failed: ${stderr.trim().split('\n').at(-1)}`;
}
