/** What is written at critical for whoever looks into it later: `PLIMSOLL_CAPTURE`, docs/captures.md. */
import type { Action } from '../model/action.ts';
import type { AgentEvent, CaptureKind } from '../model/event.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Window } from '../model/window.ts';
import { createCaptureFolder } from './folder.ts';
import { createHeapSampler } from './heap-sampler.ts';
import { createStartHeapSampling, createWriteHeapProfile } from './write-heap-profile.ts';
import { createWriteHeapSnapshot } from './write-heap-snapshot.ts';
import { createWriteReport } from './write-report.ts';

/** What the captures see of the process. */
export interface CaptureWorld {
  readonly window: Window;
  snapshot(): Snapshot;
  /** How long a full collection would hold up the loop. */
  predictMajorMs(): number;
  monotonicMs(): number;
  wallMs(): number;
}

export interface CaptureParts extends CaptureWorld {
  readonly kind: CaptureKind | 'off';
  readonly directory: string;
  readonly quotaBytes: number;
  onEvent(event: AgentEvent): void;
}

export interface Captures {
  /** In the order in which they run; none where nothing is to be written. */
  readonly actions: readonly Action[];
  /** For who asks for one; undefined where nothing is to be written. */
  readonly byHand: Readonly<Record<CaptureKind, Action>> | undefined;
  /** Ends what goes on between two actions. */
  stop(): void;
}

export function createCaptures(parts: CaptureParts): Captures {
  const { kind, directory, quotaBytes, wallMs, monotonicMs, onEvent } = parts;
  const sampler = createHeapSampler(monotonicMs);
  const folder = createCaptureFolder({
    directory,
    quotaBytes,
    wallMs,
    onWritten: (written, path, bytes) => onEvent({ name: 'plimsoll.capture.written', kind: written, path, bytes }),
  });
  return {
    actions: kind === 'off' ? [] : [createWriteReport(parts, folder), ...dearer(kind)],
    byHand:
      kind === 'off'
        ? undefined
        : {
            report: createWriteReport(parts, folder),
            profile: sampledFirst(
              createStartHeapSampling(parts, sampler),
              createWriteHeapProfile(parts, sampler, folder),
            ),
            snapshot: createWriteHeapSnapshot(parts, folder),
          },
    stop: sampler.stop,
  };

  /** Nobody began to sample where no profile was expected. */
  function sampledFirst(start: Action, write: Action): Action {
    return {
      ...write,
      async run(step, signal) {
        if (sampler.sinceMs() !== undefined) return await write.run(step, signal);
        const begun = await start.run(step, signal);
        if (begun.outcome !== 'done') return begun;
        return { outcome: 'skipped', detail: 'no heap profile yet: the heap is sampled from now on, ask again later' };
      },
    };
  }

  function dearer(wanted: CaptureKind): readonly Action[] {
    switch (wanted) {
      case 'profile':
        return [createStartHeapSampling(parts, sampler), createWriteHeapProfile(parts, sampler, folder)];
      case 'snapshot':
        return [createWriteHeapSnapshot(parts, folder)];
      case 'report':
      default:
        return [];
    }
  }
}
