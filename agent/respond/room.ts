/** How much more the process may hold before the level would be `high`. */
import type { Assessment } from '../model/assessment.ts';
import { thresholdsOf, type Policy } from '../model/policy.ts';

/**
 * The least over the ceilings that make up pressure, by the ratios that the levels go by. Infinity: nothing limits the process, or it is
 * never `high`. While the level is `high`, up to where it may be left: it is held there for a while, and whoever waits for room that is
 * there already would only lose time. `reusableBytes` is room under the ceilings that count what the process takes from outside.
 */
export function roomBytes({ level, constraints }: Assessment, policy: Policy, reusableBytes: number): number {
  let room = Infinity;
  for (const ceiling of constraints) {
    if (ceiling.weight !== 'fully') continue;
    const { enter, exit } = thresholdsOf(ceiling, policy);
    const ratios = level >= 2 ? exit : enter;
    const high = ratios[1] ?? ratios[2];
    if (high === undefined) continue;
    const insideBytes = ceiling.constraint === 'heap' || ceiling.constraint === 'worker' ? 0 : reusableBytes;
    room = Math.min(room, Math.max(0, high * ceiling.limitBytes - ceiling.usageBytes) + insideBytes);
  }
  if (room === Infinity) return room;
  return Math.max(0, Math.floor(room));
}
