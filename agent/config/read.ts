import { readFileSync } from 'node:fs';

import { problem, type Problem } from '../model/problem.ts';
import type { LevelRatios, Thresholds } from '../model/policy.ts';
import type { StartOptions } from '../model/start-options.ts';
import { namedMetricsExporter } from './otlp.ts';
import { CONFIG_FILE_ENV, OPTIONS, type Option, type Options } from './options.ts';
import { PRESETS } from './presets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration {
  readonly options: Options;
  readonly problems: readonly Problem[];
}

type Key = keyof typeof OPTIONS;
const KEYS = Object.keys(OPTIONS) as Key[];

/** A given value, the name it was given under, and its option's key. */
interface Given {
  readonly name: string;
  readonly text: string;
}

/**
 * Environment variable, then the file named by PLIMSOLL_CONFIG_FILE, then the default.
 * Never throws: all problems are gathered, and what is wrong falls back to the default.
 * `startOptions` (from `start(options)`) come before the environment.
 */
export async function readConfiguration(env: Environment, startOptions: StartOptions = {}): Promise<Configuration> {
  const overrides: Readonly<Record<string, unknown>> = { ...startOptions };
  const problems: Problem[] = [];
  const filePath = env[CONFIG_FILE_ENV];
  const fromFile = filePath === undefined || filePath === '' ? {} : await readFileKeys(filePath, problems);
  reportUnknown(env, fromFile, overrides, filePath ?? '', problems);

  const values: Record<string, unknown> = {};
  for (const key of KEYS) {
    const row = OPTIONS[key] as Option<unknown>;
    const fallback = row.defaultText === undefined ? undefined : row.parse(row.defaultText);
    const given = find(row, env, fromFile, overrides, filePath ?? '');
    const value = given === undefined ? undefined : row.parse(given.text);
    if (given !== undefined && value === undefined) {
      problems.push(invalid(given, row.allowed, row.defaultText ?? 'no value'));
    }
    values[key] = value ?? fallback;
  }
  const options = values as unknown as Options;
  return { options: reconcile(withOtelExporter(options, env, fromFile, overrides), problems), problems };
}

function find(
  row: Option<unknown>,
  env: Environment,
  fromFile: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
  filePath: string,
): Given | undefined {
  const override = overrides[row.key];
  if (override !== undefined) return { name: `start({ ${row.key} })`, text: asText(override) };
  const fromEnv = env[row.env];
  if (fromEnv !== undefined && fromEnv !== '') return { name: row.env, text: fromEnv };
  const fileValue = fromFile[row.key];
  return fileValue === undefined ? undefined : { name: `${row.key} in ${filePath}`, text: asText(fileValue) };
}

/** A list in the file or in `start()` is three ratios: [0.7, 0.82, null]. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map((item: unknown) => (item === null ? '-' : asText(item))).join(',');
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function invalid({ name, text }: Given, allowed: string, used: string): Problem {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return problem('PLM_OPTION_INVALID', `${name} is ${JSON.stringify(shown)}, must be ${allowed}. Using ${used}.`);
}

async function readFileKeys(path: string, problems: Problem[]): Promise<Readonly<Record<string, unknown>>> {
  try {
    const text = readFileSync(path, 'utf8');
    const parsed: unknown = path.endsWith('.json') ? JSON.parse(text) : (await import('./yaml.ts')).load(text);
    if (parsed === undefined || parsed === null) return {};
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
    problems.push(
      problem(
        'PLM_CONFIG_FILE',
        `${path} holds no keys, must be a mapping of option keys to values. Ignoring the file.`,
      ),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push(
      problem('PLM_CONFIG_FILE', `${path} cannot be used (${why}), must be readable YAML or JSON. Ignoring the file.`),
    );
  }
  return {};
}

function reportUnknown(
  env: Environment,
  fromFile: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
  filePath: string,
  problems: Problem[],
): void {
  const envNames = new Set<string>([...KEYS.map((key) => OPTIONS[key].env), CONFIG_FILE_ENV]);
  const keys = new Set<string>(KEYS.map((key) => OPTIONS[key].key));
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PLIMSOLL_') || envNames.has(name)) continue;
    // Kubernetes sets PLIMSOLL_PORT, PLIMSOLL_SERVICE_HOST … in every pod of a namespace with a Service "plimsoll".
    if (/^PLIMSOLL(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_(TCP|UDP)\w*)?)$/.test(name)) continue;
    problems.push(problem('PLM_OPTION_UNKNOWN', `${name} is no option${nearest(name, envNames)} Ignoring it.`));
  }
  for (const [where, given] of [
    [filePath, fromFile],
    ['start()', overrides],
  ] as const) {
    for (const name of Object.keys(given)) {
      if (!keys.has(name))
        problems.push(
          problem('PLM_OPTION_UNKNOWN', `${name} in ${where} is no option${nearest(name, keys)} Ignoring it.`),
        );
    }
  }
}

function nearest(name: string, known: ReadonlySet<string>): string {
  let best: string | undefined;
  let bestDistance = 4;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? '.' : `; did you mean ${best}?`;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit;
}

/** OpenTelemetry's own switches choose the exporter unless Plimsoll's option does. */
function withOtelExporter(
  options: Options,
  env: Environment,
  fromFile: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
): Options {
  const row = OPTIONS.exporter;
  const chosen = find(row, env, fromFile, overrides, '') !== undefined && options.exporter !== 'auto';
  if (chosen) return options;
  const otelOff = env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || namedMetricsExporter(env) === 'none';
  return { ...options, exporter: otelOff ? 'none' : 'auto' };
}

/** Options that only make sense together. */
function reconcile(options: Options, problems: Problem[]): Options {
  let { enter, exit, sampleIntervalMinMs } = options;
  const preset = options.preset === 'budget' ? PRESETS.budget.budgetThresholds : PRESETS[options.preset].thresholds;
  if (exit !== undefined && !fits(enter ?? preset.enter, exit)) {
    problems.push(
      problem(
        'PLM_OPTION_INVALID',
        `PLIMSOLL_EXIT is ${show(exit)}, must be below PLIMSOLL_ENTER (${show(enter ?? preset.enter)}) at each level and switch off the same ones. Using the preset ${options.preset} for both.`,
      ),
    );
    enter = undefined;
    exit = undefined;
  }
  if (enter !== undefined && exit === undefined && !fits(enter, preset.exit))
    exit = enter.map(keptGap(preset)) as unknown as LevelRatios;
  if (sampleIntervalMinMs > options.sampleIntervalMs) {
    problems.push(
      problem(
        'PLM_OPTION_INVALID',
        `PLIMSOLL_SAMPLE_INTERVAL_MIN is ${sampleIntervalMinMs}ms, must be at most PLIMSOLL_SAMPLE_INTERVAL (${options.sampleIntervalMs}ms). Using ${options.sampleIntervalMs}ms.`,
      ),
    );
    sampleIntervalMinMs = options.sampleIntervalMs;
  }
  return { ...options, enter, exit, sampleIntervalMinMs };
}

function fits(enter: LevelRatios, exit: LevelRatios): boolean {
  return enter.every((value, index) => {
    const out = exit[index];
    return value === undefined ? out === undefined : out !== undefined && out < value;
  });
}

/** An entry of the user's own keeps the hysteresis of the preset, in proportion. */
function keptGap(preset: Thresholds): (entry: number | undefined, index: number) => number | undefined {
  return (entry, index) => {
    const [enter, exit] = [preset.enter[index] ?? 0.7, preset.exit[index] ?? 0.62];
    return entry === undefined ? undefined : (entry * exit) / enter;
  };
}

function show(ratios: LevelRatios): string {
  return ratios.map((ratio) => ratio ?? '-').join(',');
}
