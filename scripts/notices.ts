/** THIRD_PARTY_NOTICES.md: every package whose code stands in a bundle, with its licence. `npm run docs` writes it. */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** Needs the metafiles of a build. */
export function notices(): string {
  const folders = new Set<string>();
  for (const metafile of globSync('dist/*.meta.json', { cwd: ROOT })) {
    const { outputs } = JSON.parse(readFileSync(join(ROOT, metafile), 'utf8')) as Metafile;
    for (const [input, { bytesInOutput }] of Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs),
    )) {
      const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  if (folders.size === 0) throw new Error('no metafile in dist/: run `npm run build` first');
  // A package may be installed twice in one version.
  const sections = [...new Set([...folders].toSorted().map(section))];
  return ['# Third-party notices', '', 'The published package bundles code of these packages.', ...sections, ''].join(
    '\n',
  );
}

function section(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
  const file = globSync('{LICENSE,LICENCE,license}*', { cwd: join(ROOT, folder) }).toSorted()[0];
  const text =
    file === undefined || !existsSync(join(ROOT, folder, file))
      ? ''
      : readFileSync(join(ROOT, folder, file), 'utf8').trim();
  // The Apache licence is this package's own: once is enough.
  const shown = license === 'Apache-2.0' ? 'The text is in LICENSE.' : text;
  return `\n## ${name} ${version}\n\n${license ?? 'see below'}\n\n${shown
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n')}`;
}

if (import.meta.main) writeFileSync(join(ROOT, 'THIRD_PARTY_NOTICES.md'), notices());
