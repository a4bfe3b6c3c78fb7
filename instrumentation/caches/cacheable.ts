/** `cacheable` 1 and 2: its first tier, when that is in this process. The second one is left alone. */
import { has, objectIn, type Adapter } from './adapter.ts';
import { adaptKeyv, isKeyv } from './keyv.ts';

export const cacheableAdapter: Adapter = {
  library: 'cacheable',
  recognizes(cache) {
    const primary = objectIn(cache, 'primary');
    return has(cache, 'get', 'set', 'delete', 'wrap') && primary !== undefined && isKeyv(primary);
  },
  adapt(cache, parts) {
    const primary = objectIn(cache, 'primary') ?? cache;
    return adaptKeyv(primary, 'cacheable', parts);
  },
};
