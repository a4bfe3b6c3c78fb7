import { execFileSync } from 'node:child_process';

/** Its words go to stderr; throws when it fails. On Windows npm is a .cmd file, which Node.js runs in a shell only. */
export function npm(args: readonly string[], cwd?: string): void {
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'] as 'inherit'[] };
  const script = process.env['npm_execpath'];
  if (script?.endsWith('.js') === true) execFileSync(process.execPath, [script, ...args], options);
  else execFileSync('npm', args, { ...options, shell: process.platform === 'win32' });
}
