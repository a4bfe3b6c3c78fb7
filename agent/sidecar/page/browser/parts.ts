/** Small pieces that several views show. */
import { LEVELS, type LevelName } from '../../../model/level.ts';
import type { ApiPoint, ApiProcess } from '../../api/types.ts';
import { fill, h, liveText, memo, setAttribute, svg, type Child } from './dom.ts';
import { percent } from './format.ts';
import type { Part } from './sentence.ts';

/** A shape of its own for each level: colour alone tells nothing to many. */
const SHAPES: Readonly<Record<LevelName, string>> = {
  normal: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z',
  elevated: 'M8 2.2 14.4 13.4H1.6z',
  high: 'M8 1.2 14.8 8 8 14.8 1.2 8z',
  critical: 'M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z',
};

export function levelIcon(level: LevelName): SVGElement {
  return svg('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: SHAPES[level] }));
}

export interface Badge {
  readonly element: HTMLElement;
  set(level: LevelName | null): void;
}

export function levelBadge(level: LevelName | null = null): Badge {
  const element = h('span', { class: 'level' });
  const set = memo<LevelName | null>(
    (next) => {
      setAttribute(element, 'data-level', next ?? 'unknown');
      fill(element, next !== null && levelIcon(next), next ?? 'no sample yet');
    },
    (next) => String(next),
  );
  set(level);
  return { element, set };
}

/** `blocked`, `ended`, `drill`: what a level does not say. */
export function tags(process: ApiProcess): readonly HTMLElement[] {
  const words = [
    process.state !== 'live' && process.state,
    process.isDrill && 'drill',
    process.mode === 'observe' && 'observes only',
    process.degraded.length > 0 && 'degraded',
  ];
  return words.flatMap((word) => (word === false ? [] : [h('span', { class: 'tag', 'data-tag': word }, word)]));
}

export interface Bar {
  readonly element: HTMLElement;
  set(process: Pick<ApiProcess, 'pressureRatio' | 'level' | 'enterRatios'>): void;
}

/** Use as a bar, with a mark where each level begins; the figure stands beside it. */
export function pressureBar(): Bar {
  const filled = h('span', { class: 'filled' });
  const marks = h('span', { class: 'marks' });
  const figure = liveText();
  const setMarks = memo<readonly (number | null)[]>(
    (ratios) => {
      marks.replaceChildren(
        ...ratios.flatMap((ratio, index) => {
          if (ratio === null || ratio > 1) return [];
          const mark = h('span', { 'data-level': LEVELS[index + 1] ?? '' });
          mark.style.left = `${ratio * 100}%`;
          return [mark];
        }),
      );
    },
    (ratios) => ratios.join(),
  );
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' }, filled, marks);
  return {
    element: h('span', { class: 'pressure' }, bar, h('span', { class: 'figure' }, figure.node)),
    set({ pressureRatio, level, enterRatios }) {
      figure.set(percent(pressureRatio));
      filled.style.transform = `scaleX(${Math.min(1, Math.max(0, pressureRatio ?? 0)).toFixed(3)})`;
      setAttribute(bar, 'data-level', level ?? 'unknown');
      setMarks(enterRatios);
    },
  };
}

/** The last minute as a line. */
export function sparkline(): { readonly element: SVGElement; set(points: readonly ApiPoint[]): void } {
  const line = svg('polyline', {});
  return {
    element: svg(
      'svg',
      { viewBox: '0 0 60 16', class: 'sparkline', 'aria-hidden': 'true', preserveAspectRatio: 'none' },
      line,
    ),
    set(points) {
      const lastMs = points.at(-1)?.wallMs ?? 0;
      const shown = points.filter(({ wallMs }) => wallMs > lastMs - 60_000);
      const places = shown.map(
        ({ wallMs, pressureRatio }) =>
          `${(60 - (lastMs - wallMs) / 1000).toFixed(1)},${(15 - Math.min(1, pressureRatio ?? 0) * 14).toFixed(1)}`,
      );
      setAttribute(line, 'points', places.join(' '));
    },
  };
}

/** A sentence; what an application named is set apart. */
export function sentence(parts: readonly Part[]): readonly Child[] {
  return parts.map(({ text, kind }) => (kind === undefined ? text : h(kind === 'name' ? 'code' : 'strong', {}, text)));
}

export function time(wallMs: number, text: string): HTMLTimeElement {
  const iso = new Date(wallMs).toISOString();
  return h('time', { datetime: iso, title: iso }, text);
}

export function note(...children: readonly Child[]): HTMLElement {
  return h('p', { class: 'note' }, ...children);
}
