import type { Assessment } from './assessment.ts';
import type { Postmortem } from './postmortem.ts';
import type { Degradation, Mode, Outcome } from './snapshot.ts';
import type { Level } from './level.ts';

/** What `PLIMSOLL_CAPTURE` can write. */
export type CaptureKind = 'report' | 'profile' | 'snapshot';

/** What happened, as data. Names are the contract's `eventName`s. */
/** `isDrill`: a drill is why. */
export type AgentEvent = { readonly isDrill?: true } & (
  | { readonly name: 'plimsoll.pressure.changed'; readonly previous: Level; readonly assessment: Assessment }
  | {
      readonly name: 'plimsoll.limit.changed';
      readonly constraint: string;
      readonly fromBytes: number;
      readonly toBytes: number;
    }
  | {
      readonly name: 'plimsoll.action.finished';
      readonly action: string;
      readonly outcome: Outcome;
      readonly detail: string;
      /** Undefined for what gives nothing back. */
      readonly promisedBytes?: number;
      /** Measured. */
      readonly freedBytes?: number;
    }
  | {
      readonly name: 'plimsoll.adaptive.changed';
      readonly adaptive: string;
      readonly fromValue: number;
      readonly toValue: number;
      readonly level: Level;
    }
  | {
      readonly name: 'plimsoll.capture.written';
      readonly kind: CaptureKind;
      readonly path: string;
      readonly bytes: number;
    }
  | { readonly name: 'plimsoll.agent.degraded'; readonly degradation: Degradation }
  | { readonly name: 'plimsoll.process.died'; readonly postmortem: Postmortem }
  | { readonly name: 'plimsoll.mode.changed'; readonly from: Mode; readonly to: Mode }
);
