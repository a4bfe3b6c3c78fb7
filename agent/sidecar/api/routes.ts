/** Every route of the API. Paths are behind `/api/v1`, and behind `/api` for who asked before there were versions. */
import { CACHE_ROUTES, COMMAND_ROUTES } from './route-caches.ts';
import { EVIDENCE_ROUTES } from './route-evidence.ts';
import { ADMIN_ROUTES, MEMORY_ROUTES } from './route-memory.ts';
import type { Route } from './route.ts';

export const ROUTES: readonly Route[] = [
  ...MEMORY_ROUTES,
  ...CACHE_ROUTES,
  ...ADMIN_ROUTES,
  ...EVIDENCE_ROUTES,
  ...COMMAND_ROUTES,
];
