/** The sidecar is a file of its own beside the command line: no other command pays for it. */
import { readIdentity } from '../config/identity.ts';
import { readOtlp } from '../config/otlp.ts';
import type { Environment } from '../config/read.ts';
import type { Sidecar, SidecarParts } from '../sidecar/index.ts';
import { beThrifty } from './thrift.ts';

/** Not written where it is imported: no bundler and no compiler is to look for it. */
const BESIDE = './sidecar.mjs';

export interface SidecarModule {
  startSidecar(parts: SidecarParts): Promise<Sidecar>;
}

export async function loadSidecar(): Promise<SidecarModule> {
  beThrifty();
  return (await import(BESIDE)) as SidecarModule;
}

/** What its environment says of where it is and where it exports to. */
export function sidecarSettings(
  env: Environment,
): Pick<SidecarParts, 'otlp' | 'fallbackExporter' | 'resource' | 'nodeOptions'> {
  const { settings, fallback } = readOtlp(env);
  const { resource } = readIdentity(env, undefined);
  return { otlp: settings, fallbackExporter: fallback, resource, nodeOptions: env['NODE_OPTIONS'] ?? '' };
}
