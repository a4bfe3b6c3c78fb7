/** What a process's charts cover: what came live, or what the sidecar keeps. */
import type { ApiHistory, ApiPoint } from '../../api/types.ts';
import type { Api } from './api.ts';
import { button, h } from './dom.ts';

export const RANGES = [
  { id: 'live', label: 'Live', name: 'the last 3 minutes', spanMs: 180_000, since: '180s', resolution: '1s' },
  { id: '10m', label: '10 min', name: 'the last 10 minutes', spanMs: 600_000, since: '10m', resolution: '1s' },
  { id: '2h', label: '2 h', name: 'the last 2 hours', spanMs: 7_200_000, since: '2h', resolution: '10s' },
] as const;
export type Range = (typeof RANGES)[number];

/** More than two hours hold at the coarser pace. */
const MOST_PAGES = 4;

/** Of one process, oldest first. */
export async function loadHistory(api: Api, instance: string, range: Range): Promise<readonly ApiPoint[]> {
  const { since, resolution } = range;
  const points: ApiPoint[] = [];
  let next: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const cursor: Readonly<Record<string, string>> = next === null ? {} : { cursor: next };
    const answer: ApiHistory = await api.get('memory/history', { instance, since, resolution, limit: 1000, ...cursor });
    points.push(...answer.points);
    ({ next } = answer);
    if (next === null) break;
  }
  return points;
}

/** What was kept, then what came since. */
export function joined(kept: readonly ApiPoint[], live: readonly ApiPoint[], fromMs: number): readonly ApiPoint[] {
  const lastMs = kept.at(-1)?.wallMs ?? 0;
  return [...kept, ...live.filter(({ wallMs }) => wallMs > lastMs)].filter(({ wallMs }) => wallMs >= fromMs);
}

export function createRangeChooser(onChoice: (range: Range) => void): HTMLElement {
  const buttons = RANGES.map((range) => {
    const element = button(range.label, () => choose(range), { 'aria-pressed': String(range.id === 'live') });
    return { range, element };
  });
  function choose(chosen: Range): void {
    for (const { range, element } of buttons) element.setAttribute('aria-pressed', String(range === chosen));
    onChoice(chosen);
  }
  return h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': 'Time range' },
    ...buttons.map(({ element }) => element),
  );
}
