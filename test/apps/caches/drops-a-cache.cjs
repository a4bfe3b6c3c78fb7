/** A cache that the agent has found and the application has no more: what is left of it, and of what was in it? Needs --expose-gc. */
const { setTimeout: sleep } = require('node:timers/promises');

const { LRUCache } = require('lru-cache-10');

const agent = process[Symbol.for('plimsoll.agent.v1')];

async function use() {
  const cache = new LRUCache({ max: 10 });
  const value = { text: 'of the application' };
  while (agent.caches().length === 0) {
    cache.set('key', value);
    await sleep(10);
  }
  return [new WeakRef(cache), new WeakRef(value)];
}

(async () => {
  const references = await use();
  // WeakRefs hold what they refer to until their turn ends; an evaluation may leave it in a register
  for (let attempt = 0; attempt < 50 && agent.caches().length > 0; attempt++) {
    await sleep(20);
    global.gc();
  }
  const left = references.filter((reference) => reference.deref() !== undefined).length;
  console.log(`${left} left, ${agent.caches().length} known`);
})();
