/** Reads Prometheus text 0.0.4 as strictly as Prometheus does, for tests. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/y;

export function parsePrometheus(text: string): readonly Family[] {
  const families: { name: string; help: string; type: string; samples: Sample[] }[] = [];
  for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    const current = families.at(-1);
    if (comment?.[1] === 'HELP')
      families.push({ name: comment[2] ?? '', help: comment[3] ?? '', type: '', samples: [] });
    else if (comment?.[1] === 'TYPE') {
      assert.equal(comment[2], current?.name, `TYPE apart from HELP: ${line}`);
      if (current !== undefined) current.type = comment[3] ?? '';
    } else {
      assert.ok(current, `no family before ${line}`);
      current.samples.push(parseSample(line));
    }
  }
  return families;
}

/** Every series as Prometheus would key it. */
export function seriesOf(text: string): readonly string[] {
  return parsePrometheus(text).flatMap(({ samples }) => samples.map(({ name, labels }) => seriesKey(name, labels)));
}

export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.toSorted().join(',')}}`;
}

function parseSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  assert.ok(match, `not a sample: ${line}`);
  const value = match[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[3]);
  assert.ok(!Number.isNaN(value), `no number: ${line}`);
  return { name: match[1] ?? '', labels: parseLabels(match[2] ?? '', line), value };
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    assert.ok(match, `malformed labels: ${line}`);
    const [, name = '', value = ''] = match;
    assert.ok(!Object.hasOwn(labels, name), `label ${name} twice: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}
