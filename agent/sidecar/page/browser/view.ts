/** What a view is, and the address that each has. */
import type { Api } from './api.ts';
import type { State } from './state.ts';

export interface View {
  /** For the title of the window. */
  title(state: State): string;
  readonly element: HTMLElement;
  update(state: State): void;
  dispose?(): void;
}

export interface ViewParts {
  readonly api: Api;
  readonly state: State;
}

export type Route =
  | { readonly kind: 'overview' | 'postmortems' }
  | { readonly kind: 'process' | 'postmortem'; readonly instance: string }
  | { readonly kind: 'cache'; readonly instance: string; readonly name: string };

export const OVERVIEW = '#/';
export const POSTMORTEMS = '#/postmortems';

export function processAddress(instance: string): string {
  return `#/process/${encodeURIComponent(instance)}`;
}

export function postmortemAddress(instance: string): string {
  return `#/postmortem/${encodeURIComponent(instance)}`;
}

export function cacheAddress(instance: string, name: string): string {
  return `#/cache/${encodeURIComponent(instance)}/${encodeURIComponent(name)}`;
}

export function routeOf(hash: string): Route {
  const [kind = '', instance = '', name = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (kind === 'process' || kind === 'postmortem') return { kind, instance };
  if (kind === 'cache') return { kind, instance, name };
  return { kind: kind === 'postmortems' ? kind : 'overview' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
