/**
 * In CI a test file that failed beside others is run once more, alone, and both outcomes are printed: the tests start real processes
 * with real deadlines, and a shared machine may stand still for a second. A file that fails alone too has failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('failed-files.ts', import.meta.url));

export interface Suite {
  readonly node: string;
  /** Of `node --test`: flags, then files. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Where the report goes. */
  readonly stdout: 'inherit' | 'pipe';
}

/** Answers the report where it was piped, and whether all is well. */
export function runSuite({ node, args, env, cwd, stdout }: Suite): { readonly report: string; readonly ok: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tests-'));
  const list = join(folder, 'failed');
  try {
    const { status, stdout: report } = spawnSync(
      node,
      [
        '--test',
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        `--test-reporter=${REPORTER}`,
        `--test-reporter-destination=${list}`,
        ...args,
      ],
      { cwd, env, encoding: 'utf8', stdio: ['ignore', stdout, stdout], maxBuffer: 64 * 2 ** 20 },
    );
    const failed = readFileSync(list, 'utf8').split('\n').filter(Boolean);
    if (status !== 0 && stdout === 'pipe') console.log(report.slice(Math.max(0, report.indexOf('✖ failing tests'))));
    const isWorthIt = process.env['CI'] !== undefined && failed.length > 0 && failed.length <= MOST;
    return { report, ok: status === 0 || (isWorthIt && failed.every((file) => passesAlone({ node, env, cwd }, file))) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** When more fail, it is not the machine. */
const MOST = 3;

function passesAlone({ node, env, cwd }: Pick<Suite, 'node' | 'env' | 'cwd'>, file: string): boolean {
  const { status, stdout } = spawnSync(node, ['--test', '--test-timeout=180000', '--test-reporter=spec', file], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 300_000,
  });
  console.log(`${file} failed beside the others; alone it ${status === 0 ? 'passes' : `fails:\n${stdout}`}`);
  return status === 0;
}
