/** The agent's options as flags of a command, and what a command reads of them. All of it comes from the options table. */
import { CONFIG_FILE_ENV, OPTIONS, type Option, type Options } from '../config/options.ts';
import { readConfiguration, type Environment } from '../config/read.ts';
import type { Problem } from '../model/problem.ts';
import { usageError, type FlagTable } from './command.ts';

type Key = keyof Options;
type AnyOption = Option<unknown>;

const ROWS: Readonly<Record<Key, AnyOption>> = OPTIONS;

/** `sampleInterval` → `sample-interval`. */
function flagName(row: Pick<AnyOption, 'key'>): string {
  return row.key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A flag for each of these options. */
export function optionFlags(keys: readonly Key[]): FlagTable {
  return Object.fromEntries(keys.map((key) => [flagName(ROWS[key]), flagOf(ROWS[key])]));
}

export const ALL_OPTIONS = Object.keys(OPTIONS) as readonly Key[];

function flagOf(row: AnyOption): FlagTable[string] {
  const { doc, defaultText, env } = row;
  const fallback = defaultText === undefined ? '' : `; default ${defaultText}`;
  return { type: 'string', requiresArg: true, describe: `${doc.replaceAll('`', '')} (${env}${fallback})` };
}

/** What the flags say, as the environment variables that would say the same. PLM_USAGE when a value is nonsense. */
export function environmentOf(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const row of Object.values(ROWS)) {
    const text = flags[flagName(row)];
    if (typeof text !== 'string') continue;
    if (row.parse(text) === undefined) {
      throw usageError(`--${flagName(row)} is ${JSON.stringify(text)}, must be ${row.allowed}.`);
    }
    found[row.env] = text;
  }
  return found;
}

/**
 * What environment and configuration file say about these options; about the others nothing is said. Where the agent
 * would warn and take the default, a command that was told nonsense ends: PLM_USAGE.
 */
export async function readOptions(env: Environment, keys: readonly Key[]): Promise<Options> {
  const names = [...keys.map((key) => ROWS[key].env), CONFIG_FILE_ENV];
  const asked = Object.fromEntries(names.map((name) => [name, env[name]]));
  const { options, problems } = await readConfiguration(asked);
  const wrong = problems.find((found) => isAbout(found, keys));
  if (wrong !== undefined) throw usageError(withoutFallback(wrong));
  return options;
}

/** A key of the file that this command does not read is the agent's to complain about. */
function isAbout({ code, message }: Problem, keys: readonly Key[]): boolean {
  if (code === 'PLM_CONFIG_FILE') return true;
  if (code !== 'PLM_OPTION_INVALID') return false;
  return keys.some((key) => message.startsWith(`${ROWS[key].env} `) || message.startsWith(`${ROWS[key].key} in `));
}

/** A message ends with what the agent does instead; a command does nothing instead. */
export function withoutFallback({ message }: Problem): string {
  return message.replace(/\.? (?:Using|Ignoring) [^"]*$/, '.');
}
