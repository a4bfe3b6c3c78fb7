/**
 * What an application does with its caches: fills them, and goes on putting and getting until its stdin ends. Each has a number of
 * entries of its own, by which a test knows it. At the end it says what they hold.
 */
exports.use = async function use(/** @type {readonly (readonly [string, any])[]} */ caches) {
  let isOver = false;
  process.stdin.on('end', () => (isOver = true)).resume();
  const contents = [];
  do {
    for (const [number, [name, cache]] of caches.entries()) {
      if (name === 'node-cache') cache.del('key-0');
      for (let key = 0; key <= number; key++) await cache.set(`key-${key}`, { number, key });
    }
    await new Promise((resume) => setTimeout(resume, 20));
  } while (!isOver);
  for (const [number, [name, cache]] of caches.entries()) {
    contents.push([name, await cache.get(`key-${number}`), await cache.get('no such key')]);
  }
  console.log(JSON.stringify(contents));
};
