/** What the API of applications finds as the agent of this process: real adaptive values, and a room that the test sets. */
import { AGENT_SYMBOL, IDLE_ASSESSMENT, IDLE_STATUS, type AgentHandle } from '../../agent/model/handle.ts';
import { NOTHING_RECLAIMED } from '../../agent/model/reclaim.ts';
import { createAdaptives, type Adaptives } from '../../agent/respond/adaptive.ts';
import { createActionCounts } from '../../agent/respond/counts.ts';

export interface StandInAgent {
  readonly adaptives: Adaptives;
  roomBytes: number;
  /** What it was asked to give back. */
  readonly reclaims: number[];
  /** As if the agent had sampled just now. */
  sample(): void;
  remove(): void;
}

export function installStandInAgent(): StandInAgent {
  const adaptives = createAdaptives({ counts: createActionCounts(), onEvent() {}, onProblem() {} });
  let atMs = performance.now();
  const standIn: StandInAgent = {
    adaptives,
    roomBytes: Infinity,
    reclaims: [],
    sample() {
      atMs = performance.now();
    },
    remove() {
      Reflect.deleteProperty(globalThis, AGENT_SYMBOL);
    },
  };
  const handle: Pick<AgentHandle, 'adaptive' | 'roomBytes' | 'status' | 'reclaim'> = {
    adaptive: adaptives.create,
    roomBytes: () => standIn.roomBytes,
    async reclaim(targetBytes = 0) {
      standIn.reclaims.push(targetBytes);
      return NOTHING_RECLAIMED;
    },
    status: () => ({ ...IDLE_STATUS, assessment: { ...IDLE_ASSESSMENT, atMs } }),
  };
  Reflect.set(globalThis, AGENT_SYMBOL, handle);
  return standIn;
}
