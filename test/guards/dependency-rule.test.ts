/** ARCHITECTURE.md, "The dependency rule", as a table. A new edge or a new touch of the world is a line here. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

/** Folder → the folders of ours it may import beside itself. `*`: a way in, which joins the parts. */
const ALLOWED_EDGES: Readonly<Record<string, readonly string[]>> = {
  'agent/model': [],
  'agent/config': ['agent/model'],
  'agent/sample': ['agent/model'],
  'agent/classify': ['agent/model'],
  'agent/respond': ['agent/model'],
  'agent/respond/reclaim': ['agent/model'],
  'agent/capture': ['agent/model'],
  'agent/record': ['agent/model'],
  'agent/control': ['agent/model'],
  'agent/postmortem': ['agent/model', 'agent/record'],
  'agent/api': ['agent/model'],
  'instrumentation/sources': ['agent/model'],
  'instrumentation/caches': ['agent/model'],
  'instrumentation/discovery': ['agent/model'],
  'instrumentation/heap': ['agent/model'],
  'instrumentation/http': ['agent/model'],
  'exporters/mounted': ['agent/model'],
  exporters: ['agent/model', 'exporters/otlp', 'exporters/join'],
  'exporters/otlp': ['agent/model', 'exporters'],
  'exporters/join': ['agent/model', 'exporters'],
  'exporters/sidecar': ['agent/model', 'exporters', 'exporters/otlp'],
  agent: ['*'],
  'agent/cli': ['*'],
  'agent/sidecar': ['*'],
  'agent/sidecar/api': ['*'],
  'agent/sidecar/page': [],
  'agent/sidecar/page/browser': ['agent/model', 'agent/sidecar/api'],
};

/** Who may touch what of the world. A folder's name stands for its files. */
const WORLD: readonly { readonly what: string; readonly pattern: RegExp; readonly allowed: readonly string[] }[] = [
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b/,
    allowed: ['agent/front.ts', 'agent/launch.ts', 'agent/run.ts', 'agent/recording.ts', 'agent/cli'],
  },
  {
    what: 'a clock',
    pattern: /\bDate\.now\(|\bperformance\.now\(|\bprocess\.hrtime\b|\bnew Date\(\)/,
    allowed: ['agent/sample/clock.ts', 'agent/api/headroom.ts', 'agent/cli', 'agent/sidecar/page/browser'],
  },
  {
    what: 'a timer',
    pattern: /\bset(Timeout|Interval|Immediate)\(|node:timers/,
    // of the application's own waiting, which keeps the process alive; of who asks another process
    allowed: [
      'agent/sample/clock.ts',
      'agent/api/headroom.ts',
      'agent/control/client.ts',
      'agent/cli',
      'agent/sidecar/page/browser',
    ],
  },
  {
    what: 'node:fs',
    pattern: /from 'node:fs(\/promises)?'/,
    allowed: [
      'agent/capture',
      'agent/control',
      'agent/postmortem',
      'agent/sidecar',
      'agent/sidecar/api',
      'agent/last-words.ts',
      'agent/config',
      'agent/record',
      'instrumentation/sources',
      'exporters/otlp',
      'agent/cli',
    ],
  },
];

const files = globSync(['agent/**/*.ts', 'instrumentation/**/*.ts', 'exporters/**/*.ts'], { cwd: ROOT });

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'(\.[^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => relative(ROOT, resolve(ROOT, dirname(file), specifier)));
}

test('every import follows the dependency rule', () => {
  const broken = files.flatMap((file) => {
    const from = dirname(file);
    const allowed = ALLOWED_EDGES[from];
    assert.ok(allowed, `${from} has no row in the table of allowed edges`);
    return importsOf(file)
      .filter((to) => dirname(to) !== from && !allowed.includes('*') && !allowed.includes(dirname(to)))
      .map((to) => `${file} → ${to}`);
  });
  assert.deepEqual(broken, []);
});

test('the environment, clocks, timers and the file system are touched only in the files named for them', () => {
  const broken = files.flatMap((file) => {
    const code = withoutComments(readFileSync(join(ROOT, file), 'utf8'));
    return WORLD.filter(
      ({ pattern, allowed }) => pattern.test(code) && !allowed.some((name) => file === name || dirname(file) === name),
    ).map(({ what }) => `${file} touches ${what}`);
  });
  assert.deepEqual(broken, []);
});

test('the classifier is pure: it imports nothing but the vocabulary and touches no global state', () => {
  const broken = files
    .filter((file) => file.startsWith('agent/classify/'))
    .filter((file) =>
      /\bprocess\.|'node:|\bglobalThis\b|\bMath\.random\b/.test(
        withoutComments(readFileSync(join(ROOT, file), 'utf8')),
      ),
    );
  assert.deepEqual(broken, []);
});

test('the vocabulary has no cycle and imports nothing of ours or of Node but types', () => {
  const broken = files
    .filter((file) => file.startsWith('agent/model/'))
    .flatMap((file) =>
      importsOf(file)
        .filter((to) => !to.startsWith('agent/model/'))
        .map((to) => `${file} → ${to}`),
    );
  assert.deepEqual(broken, []);
});

test('no source file is longer than one purpose needs', () => {
  const long = globSync('{agent,instrumentation,exporters,scripts,examples,test}/**/*.ts', { cwd: ROOT })
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 300);
  assert.deepEqual(long, []);
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}
