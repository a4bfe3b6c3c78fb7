import type { Action } from '../model/action.ts';
import { sizeText, type CaptureFolder } from './folder.ts';
import type { CaptureWorld } from './index.ts';
import { reportText } from './report.ts';
import { isYoung } from './young.ts';

/** What is known at the moment, for whoever asks afterwards what led to it. */
export function createWriteReport({ window, snapshot, wallMs }: CaptureWorld, folder: CaptureFolder): Action {
  return {
    name: 'write-report',
    from: 'critical',
    budget: { coolDownMs: 300_000, count: 6, windowMs: 3_600_000, timeMs: 10_000 },
    plan: ({ row }) => (isYoung(row) ? undefined : 'write a report'),
    async run({ assessment }, signal) {
      const now = snapshot();
      const text = reportText(now, assessment, window.rows('1s', 0), wallMs());
      const kept = await folder.write('report', now.identity.serviceInstanceId, text, signal);
      if (typeof kept === 'string') return { outcome: 'skipped', detail: `no report: ${kept}` };
      return { outcome: 'done', detail: `wrote ${kept.path}, ${sizeText(kept.bytes)}`, written: kept };
    },
  };
}
