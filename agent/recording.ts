/** What a run leaves behind in PLIMSOLL_DIR: the ring file, with its records and its note. */
import { createPolicy } from './config/presets.ts';
import type { Options } from './config/options.ts';
import type { Degradations } from './degradations.ts';
import type { AgentEvent } from './model/event.ts';
import type { RingNote } from './model/note.ts';
import type { Problem } from './model/problem.ts';
import { COL, COLUMNS, type Row } from './model/row.ts';
import type { Degradation, Identity, Mode, Snapshot } from './model/snapshot.ts';
import type { Source } from './model/source.ts';
import { createNoting } from './noting.ts';
import { admitRing } from './record/admit.ts';
import { heapFlags } from './record/heap-flags.ts';
import { createInstanceId } from './record/instance-id.ts';
import type { Trouble } from './record/trouble.ts';
import { createRecorder, type Recorder } from './record/writer.ts';
import type { Clock } from './sample/clock.ts';

/** Between two looks at caches and at what else a note says, ms. */
const NOTE_INTERVAL_MS = 1000;
/** Between two looks at whether the ring file is still there, or can be made again, ms. */
const LOOK_INTERVAL_MS = 5000;
/** From this level on an event may be the last. */
const HIGH = 2;

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

/** Nothing here throws. */
export interface Recording {
  /** `service.instance.id`, also where nothing is recorded. */
  readonly instanceId: string;
  /** Memory it holds, bytes. */
  readonly memoryBytes: number;
  /** Of the ring file; undefined: nothing is recorded. */
  path(): string | undefined;
  /** The last step of a sample. */
  write(row: Row): void;
  /** For the note. */
  event(event: AgentEvent): void;
  /** What the file says beside its records, as it is now. */
  note(): RingNote;
  /** The process ends. */
  end(exitCode: number): void;
  /** The process ends, and was too short to be worth a file. */
  discard(): void;
  /** The agent ends, and the process goes on: nobody died. */
  close(): void;
}

export function openRecording(parts: RecordingParts): Recording {
  const { clock, degradations } = parts;
  const { directory } = parts.options;
  const startWallMs = clock.wallMs();
  const startMonotonicMs = clock.monotonicMs();
  const noting = createNoting(parts.snapshot);
  let recorder: Recorder | undefined;
  let trouble: Trouble | undefined;
  let dropped = 0;
  let level = 0;
  let notedMs = -Infinity;
  let lookedMs = startMonotonicMs;
  if (directory !== undefined) open(directory, createInstanceId, true);
  const instanceId = recorder?.instanceId ?? createInstanceId(startWallMs);

  function open(folder: string, createId: (wallMs: number) => string, makesFolder: boolean): void {
    const admission = admitRing(folder, COLUMNS.length, clock.wallMs());
    const opened = admission.ok
      ? createRecorder({
          directory: folder,
          makesFolder,
          capacity: admission.capacity,
          createId,
          identity: {
            ...parts.identity,
            mode: parts.mode(),
            exporter: parts.options.exporter,
            pid: process.pid,
            heapFlags: heapFlags(process.execArgv, process.env['NODE_OPTIONS'] ?? ''),
            startWallMs,
            startMonotonicMs,
          },
          facts: factsOf(parts.sources),
          policy: createPolicy(parts.options),
        })
      : admission;
    recorder = opened.ok ? opened.recorder : undefined;
    trouble = opened.ok ? undefined : opened.trouble;
    noting.forget();
  }

  /** A folder that was deleted is not made again: who made it knows whose it is. */
  function look(folder: string): void {
    if (recorder?.isDeleted() === false) return;
    dropped += recorder?.dropped() ?? 0;
    recorder?.close();
    open(folder, () => instanceId, false);
  }

  function tell(): void {
    const found = recorder === undefined ? trouble : recorder.failure();
    if (found === undefined) {
      degradations.clear('record_failed');
      return;
    }
    const { problem, repair } = found;
    if (parts.degraded({ reason: 'record_failed', detail: problem.message, repair })) parts.onProblem(problem);
  }

  function writeNote(): void {
    const next = noting.next(clock.wallMs());
    if (next !== undefined) recorder?.note(next.note, next.json);
  }

  /** What is done with the last recorder. */
  function finish(last: (recorder: Recorder) => void): void {
    if (recorder !== undefined) last(recorder);
  }

  return {
    instanceId,
    memoryBytes: recorder?.memoryBytes ?? 0,
    path: () => recorder?.path,
    write(row) {
      if (directory === undefined) return;
      const nowMs = row[COL.monotonicMs] ?? Number.NaN;
      level = row[COL.level] ?? 0;
      if (nowMs - lookedMs >= LOOK_INTERVAL_MS) {
        lookedMs = nowMs;
        look(directory);
      }
      const isDue = nowMs - notedMs >= NOTE_INTERVAL_MS;
      if (isDue) noting.fill(row);
      row[COL.agentDroppedRecords] = dropped + (recorder?.dropped() ?? 0);
      if (recorder === undefined) dropped += 1;
      else recorder.write(row);
      tell();
      if (!isDue) return;
      notedMs = nowMs;
      writeNote();
    },
    event(event) {
      if (directory === undefined) return;
      noting.event(event, clock.wallMs());
      if (level >= HIGH) writeNote();
    },
    note: () => noting.note(clock.wallMs()),
    end: (exitCode) => finish((last) => last.end(exitCode, clock.wallMs())),
    discard: () => finish((last) => last.discard()),
    close: () => finish((last) => last.end(Number.NaN, clock.wallMs())),
  };
}

function factsOf(sources: readonly Source[]): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    sources.flatMap(({ name, facts }) => Object.entries(facts()).map(([fact, value]) => [`${name}.${fact}`, value])),
  );
}
