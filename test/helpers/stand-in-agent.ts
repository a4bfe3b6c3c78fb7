/** What the API of applications finds as the agent of this process: real adaptive values, and a room that the test sets. */
import { AGENT_SYMBOL, IDLE_ASSESSMENT, IDLE_STATUS, type AgentHandle } from '../../agent/model/handle.ts';
import { createAdaptives, type Adaptives } from '../../agent/respond/adaptive.ts';
import { createActionCounts } from '../../agent/respond/counts.ts';

export interface StandInAgent {
  readonly adaptives: Adaptives;
  roomBytes: number;
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
    sample() {
      atMs = performance.now();
    },
    remove() {
      Reflect.deleteProperty(globalThis, AGENT_SYMBOL);
    },
  };
  const handle: Pick<AgentHandle, 'adaptive' | 'roomBytes' | 'status'> = {
    adaptive: adaptives.create,
    roomBytes: () => standIn.roomBytes,
    status: () => ({ ...IDLE_STATUS, assessment: { ...IDLE_ASSESSMENT, atMs } }),
  };
  Reflect.set(globalThis, AGENT_SYMBOL, handle);
  return standIn;
}
