import type { OtlpTemporality } from '../../agent/model/otlp.ts';
import type { MetricsRequest } from '../otlp/encoding.ts';
import { createSubjectCollection, type SubjectCollection } from '../otlp/metrics.ts';
import type { Subject } from './subject.ts';

/** What each process, and each workload, has told by OTLP so far; what has ended is forgotten. */
export interface SubjectCollections {
  /** What a workload counted before this sidecar began is no news of it. */
  begin(subjects: readonly Subject[], wallMs: number): void;
  batches(subjects: readonly Subject[]): readonly Batch[];
}

/** What goes in one request. */
export interface Batch {
  /** `wallMs`: of the points; a blocked process has its last values now. */
  collect(wallMs: number): readonly MetricsRequest[];
  /** It was taken. */
  accept(): void;
}

/** In `full` a process has 20 kB, and many collectors take no more than a few MB. */
const MAX_SUBJECTS = 64;

export function createSubjectCollections(preference: OtlpTemporality): SubjectCollections {
  let known = new Map<string, SubjectCollection>();

  function batchOf(subjects: readonly Subject[]): Batch {
    const each = subjects.map((subject) => ({ subject, collection: collectionOf(subject) }));
    return {
      // whose they are, the resource says
      collect: (wallMs) =>
        each.map(({ subject: { origin: _origin, ...told }, collection }) => collection.collect(told, wallMs)),
      accept() {
        for (const { collection } of each) collection.accept();
      },
    };
  }

  function collectionOf({ key, startWallMs }: Subject): SubjectCollection {
    return known.get(key) ?? createSubjectCollection(startWallMs, preference);
  }

  function keep(subjects: readonly Subject[]): void {
    known = new Map(subjects.map((subject) => [subject.key, collectionOf(subject)]));
  }

  return {
    begin(subjects, wallMs) {
      keep(subjects);
      const before = batchOf(subjects.filter(({ snapshot }) => snapshot.deaths !== undefined));
      before.collect(wallMs);
      before.accept();
    },
    batches(subjects) {
      keep(subjects);
      const count = Math.ceil(subjects.length / MAX_SUBJECTS);
      return Array.from({ length: count }, (_, index) =>
        batchOf(subjects.slice(index * MAX_SUBJECTS, (index + 1) * MAX_SUBJECTS)),
      );
    },
  };
}
