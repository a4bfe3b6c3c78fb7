/** Bundles a TypeScript program the way the preload is bundled, so that any supported Node.js runs it, and without the SDK. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildSync, type Metafile } from 'esbuild';

export interface Bundle {
  readonly path: string;
  readonly metafile: Metafile;
  remove(): void;
}

export function bundle(entryPoint: string): Bundle {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundle-'));
  const path = join(folder, 'program.cjs');
  const { metafile } = buildSync({
    entryPoints: [entryPoint],
    outfile: path,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2018',
    metafile: true,
    logLevel: 'warning',
  });
  return { path, metafile, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
