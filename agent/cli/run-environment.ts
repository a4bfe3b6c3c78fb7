/** What the child of `plimsoll run` finds in its environment. Pure. */
import type { Environment } from '../config/read.ts';

/** The agent comes first, so that it sees the application load; what NODE_OPTIONS says already stays as it is. */
export function withPreload(nodeOptions: string | undefined, preloadPath: string): string {
  const existing = nodeOptions?.trim() ?? '';
  if (preloads(existing, preloadPath)) return existing;
  const words = `--require ${quoted(preloadPath)}`;
  return existing === '' ? words : `${words} ${existing}`;
}

function preloads(nodeOptions: string, preloadPath: string): boolean {
  const names = new Set([preloadPath, quoted(preloadPath), 'plimsoll/register']);
  const words = nodeOptions.match(/"(?:\\.|[^"\\])*"|[^\s"]+/g) ?? [];
  return words.some((word) => names.has(word.replace(/^--?(?:require|import|r)=/, '')));
}

/** https://nodejs.org/api/cli.html#node_optionsoptions: a value with a space stands in double quotes, `\` escapes. */
function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path;
}

export interface ChildSettings {
  readonly preloadPath: string;
  /** undefined: nothing is recorded. */
  readonly directory: string | undefined;
  /** From the flags. */
  readonly options: Readonly<Record<string, string>>;
}

export function childEnvironment(env: Environment, { preloadPath, directory, options }: ChildSettings): Environment {
  return {
    ...env,
    ...options,
    ...(directory === undefined ? {} : { PLIMSOLL_DIR: directory }),
    NODE_OPTIONS: withPreload(env['NODE_OPTIONS'], preloadPath),
  };
}
