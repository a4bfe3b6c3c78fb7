/** What a program does for its survival: nothing, one line for Plimsoll, or a peer that refuses work. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * @param {{ guard: string, limitBytes: number, guardFolder: string }} given @param {unknown} cache
 * @returns {Promise<{ isClosed(): boolean }>} the entrance
 */
export async function guard(given, cache) {
  if (given.guard === 'registered') {
    const { registerCache } = await import('plimsoll');
    registerCache(cache, { name: 'values' });
  }
  if (given.guard === 'under-pressure') return await underPressure(given);
  return { isClosed: () => false };
}

/** As its README says, at the best setting for this container: 3/4 of it, looked at 20 times as often as by default. */
export async function underPressure({ limitBytes, guardFolder }) {
  const load = createRequire(join(guardFolder, 'package.json'));
  const app = load('fastify')();
  await app.register(load('@fastify/under-pressure'), { maxRssBytes: limitBytes * 0.75, sampleInterval: 50 });
  await app.ready();
  return { isClosed: () => app.isUnderPressure() };
}
