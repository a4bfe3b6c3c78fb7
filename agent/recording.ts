/** What a run leaves behind in PLIMSOLL_DIR: the ring file, with its records and its note. */
import { createPolicy } from './config/presets.ts';
import type { Options } from './config/options.ts';
import type { Degradations } from './degradations.ts';
import type { AgentEvent } from './model/event.ts';
import type { Problem } from './model/problem.ts';
import { COL, type Row } from './model/row.ts';
import type { Degradation, Identity, Mode, Snapshot } from './model/snapshot.ts';
import type { Source } from './model/source.ts';
import { heapFlags } from './record/heap-flags.ts';
import { retainRings } from './record/retain.ts';
import { createRecorder, type Recorder } from './record/writer.ts';
import type { Clock } from './sample/clock.ts';

export interface RecordingParts {
  readonly options: Options;
  readonly identity: Omit<Identity, 'serviceInstanceId' | 'mode' | 'exporter'>;
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly degradations: Degradations;
  mode(): Mode;
  snapshot(): Snapshot;
  /** Whether it is new. */
  degraded(degradation: Degradation): boolean;
  onProblem(problem: Problem): void;
}

export interface Recording {
  readonly recorder: Recorder | undefined;
  /** The last step of a sample. Never throws. */
  write(row: Row): void;
  /** For the note. */
  event(event: AgentEvent): void;
}

export function openRecording(parts: RecordingParts): Recording {
  const { options, clock, degradations } = parts;
  const recorder = openRecorder();

  function openRecorder(): Recorder | undefined {
    if (options.directory === undefined) return undefined;
    retainRings(options.directory, clock.wallMs());
    const opened = createRecorder({
      directory: options.directory,
      identity: {
        ...parts.identity,
        mode: parts.mode(),
        exporter: options.exporter,
        pid: process.pid,
        heapFlags: heapFlags(process.execArgv, process.env['NODE_OPTIONS'] ?? ''),
        startWallMs: clock.wallMs(),
        startMonotonicMs: clock.monotonicMs(),
      },
      facts: factsOf(parts.sources),
      policy: createPolicy(options),
    });
    if (opened.ok) return opened.recorder;
    failed(opened.problem);
    return undefined;
  }

  function failed(found: Problem): void {
    const repair = 'make PLIMSOLL_DIR a writable folder with room for a few MB';
    if (parts.degraded({ reason: 'record_failed', detail: found.message, repair })) parts.onProblem(found);
  }

  return {
    recorder,
    write(row) {
      if (recorder === undefined) return;
      row[COL.agentDroppedRecords] = recorder.dropped();
      recorder.write(row);
      const failure = recorder.failure();
      if (failure === undefined) degradations.clear('record_failed');
      else failed(failure);
    },
    event() {},
  };
}

function factsOf(sources: readonly Source[]): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    sources.flatMap(({ name, facts }) => Object.entries(facts()).map(([fact, value]) => [`${name}.${fact}`, value])),
  );
}
