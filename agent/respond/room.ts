/** How much more the process may hold before the level would be `high`. */
import type { Assessment } from '../model/assessment.ts';
import { thresholdsOf, type Policy } from '../model/policy.ts';

/**
 * The least over the ceilings that make up pressure, by the ratios that the levels go by. Infinity: nothing limits the process, or it is
 * never `high`. 0: it is, or it is still held there.
 */
export function roomBytes({ level, constraints }: Assessment, policy: Policy): number {
  let room = Infinity;
  for (const ceiling of constraints) {
    if (ceiling.weight !== 'fully') continue;
    const { enter } = thresholdsOf(ceiling, policy);
    const high = enter[1] ?? enter[2];
    if (high !== undefined) room = Math.min(room, high * ceiling.limitBytes - ceiling.usageBytes);
  }
  if (room === Infinity) return room;
  return level >= 2 ? 0 : Math.max(0, Math.floor(room));
}
