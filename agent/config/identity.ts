import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { parseAttributes } from './parse.ts';
import type { Environment } from './read.ts';
import { problem, type Problem } from '../model/problem.ts';

/** What the process calls itself: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, the nearest package.json, in this order. */
export interface ServiceIdentity {
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

export function readIdentity(env: Environment, mainScript: string | undefined): ServiceIdentity {
  const problems: Problem[] = [];
  const text = env['OTEL_RESOURCE_ATTRIBUTES'] ?? '';
  const resource = parseAttributes(text);
  if (resource === undefined) {
    problems.push(
      problem(
        'PLM_OPTION_INVALID',
        `OTEL_RESOURCE_ATTRIBUTES is not a list of key=value pairs with percent-encoded values. Using none of it.`,
      ),
    );
  }
  const { 'service.name': named, 'service.instance.id': _instance, ...others } = resource ?? {};
  const serviceName =
    nonEmpty(env['OTEL_SERVICE_NAME']) ??
    nonEmpty(named) ??
    packageName(applicationScript(env, mainScript)) ??
    'unknown_service:node';
  return { serviceName, resource: others, problems };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

/** pm2 runs an application inside a program of its own. A child of that application inherits the variable, but is no such program. */
function applicationScript(env: Environment, mainScript: string | undefined): string | undefined {
  return /[\\/]pm2[\\/]lib[\\/]ProcessContainer\w*\.js$/.test(mainScript ?? '') ? env['pm_exec_path'] : mainScript;
}

/** The name in the nearest package.json above the program, as every OpenTelemetry detector takes it. */
function packageName(mainScript: string | undefined): string | undefined {
  if (mainScript === undefined || mainScript === '') return undefined;
  for (let folder = dirname(mainScript), depth = 0; depth < 10; depth++) {
    const name = nameIn(join(folder, 'package.json'));
    if (name !== undefined) return name;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

function nameIn(path: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const name = typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
