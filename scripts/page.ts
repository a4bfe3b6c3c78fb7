/** Bundles the web page of the sidecar: one script, one style, one document. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Metafile } from 'esbuild';

import type { PageTexts } from '../agent/sidecar/page/assets.ts';

const SOURCE = join(import.meta.dirname, '../agent/sidecar/page/browser');

export async function buildPage(): Promise<{ readonly texts: PageTexts; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    entryPoints: { page: join(SOURCE, 'main.ts'), style: join(SOURCE, 'page.css') },
    outdir: 'page',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const textOf = (name: string): string => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? '';
  return {
    texts: {
      html: readFileSync(join(SOURCE, 'index.html'), 'utf8'),
      script: textOf('page.js'),
      style: textOf('style.css'),
    },
    metafile,
  };
}
