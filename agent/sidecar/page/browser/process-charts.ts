/** The charts of one process: its use against the limit, its pressure, and what its memory is made of. */
import { LEVELS } from '../../../model/level.ts';
import type { ApiPoint, ApiProcess } from '../../api/types.ts';
import type { ChartData, Mark, Zone } from './chart-words.ts';
import { createChart } from './chart.ts';
import { h } from './dom.ts';
import { bytes, percent, useOf } from './format.ts';
import { nameOf } from './words.ts';

export interface ChartsData {
  readonly process: ApiProcess;
  readonly points: readonly ApiPoint[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly rangeName: string;
  readonly marks: readonly Mark[];
}

export interface ProcessCharts {
  readonly element: HTMLElement;
  update(data: ChartsData): void;
  dispose(): void;
}

/** A gap in the line, not a slope: nothing was recorded in between. Ring files announce at most 10 s. */
const GAP_MS = 25_000;

export function createProcessCharts(): ProcessCharts {
  const use = createChart({
    title: 'Use of the binding constraint',
    heightPixels: 260,
    unit: 'bytes',
    format: bytes,
    series: [
      { label: 'Use', color: '--accent', isFilled: true },
      { label: 'Limit', color: '--critical', isDashed: true },
    ],
  });
  const pressure = createChart({
    title: 'Pressure',
    heightPixels: 180,
    unit: 'ratio',
    format: percent,
    series: [{ label: 'Pressure', color: '--accent' }],
  });
  const memory = createChart({
    title: 'What the memory is made of',
    heightPixels: 180,
    unit: 'bytes',
    format: bytes,
    series: [
      { label: 'RSS', color: '--stack-1', isFilled: true },
      { label: 'Heap', color: '--stack-2', isFilled: true },
      { label: 'Caches', color: '--stack-3', isFilled: true },
    ],
  });
  const charts = [use, pressure, memory];
  return {
    element: h('div', { class: 'charts' }, use.element, h('div', { class: 'pair' }, pressure.element, memory.element)),
    update({ process, points, fromMs, toMs, rangeName, marks }) {
      const shown = withGaps(points);
      const common = { wallMs: shown.map(({ wallMs }) => wallMs), fromMs, toMs, marks };
      const pick = (
        key: 'usageBytes' | 'limitBytes' | 'pressureRatio' | 'rssBytes' | 'heapUsedBytes' | 'cachesBytes',
      ) => shown.map((point) => point[key]);
      const limit = points.at(-1)?.limitBytes ?? null;
      const about = `${nameOf(process)}, ${rangeName}`;
      use.update({
        ...common,
        values: [pick('usageBytes'), pick('limitBytes')],
        zones: zonesOf(process, limit),
        summary: useSummary(process, points, about),
      });
      pressure.update({
        ...common,
        values: [pick('pressureRatio')],
        zones: zonesOf(process, 1),
        summary: `Pressure of ${about}: ${span(points, 'pressureRatio', percent)}`,
      });
      memory.update({
        ...common,
        values: [pick('rssBytes'), pick('heapUsedBytes'), pick('cachesBytes')],
        summary: `Memory of ${about}: RSS ${span(points, 'rssBytes', bytes)}; heap ${span(points, 'heapUsedBytes', bytes)}; caches ${span(points, 'cachesBytes', bytes)}`,
      } satisfies ChartData);
    },
    dispose() {
      for (const chart of charts) chart.dispose();
    },
  };
}

interface Shown extends Pick<
  ApiPoint,
  'wallMs' | 'usageBytes' | 'limitBytes' | 'pressureRatio' | 'rssBytes' | 'heapUsedBytes' | 'cachesBytes'
> {}

const NOTHING = {
  usageBytes: null,
  limitBytes: null,
  pressureRatio: null,
  rssBytes: null,
  heapUsedBytes: null,
  cachesBytes: null,
};

/** The line breaks where nothing was recorded, and where another constraint became the binding one. */
function withGaps(points: readonly ApiPoint[]): readonly Shown[] {
  return points.flatMap((point, index): readonly Shown[] => {
    const previous = points[index - 1];
    if (previous === undefined || point.wallMs - previous.wallMs <= GAP_MS) {
      if (previous === undefined || previous.binding === point.binding) return [point];
      return [{ ...point, wallMs: point.wallMs - 1, usageBytes: null, limitBytes: null }, point];
    }
    return [{ ...NOTHING, wallMs: previous.wallMs + 1 }, point];
  });
}

function zonesOf({ enterRatios }: ApiProcess, limit: number | null): readonly Zone[] {
  if (limit === null) return [];
  return enterRatios.flatMap((ratio, index) => {
    const level = LEVELS[index + 1];
    if (ratio === null || level === undefined) return [];
    const above = enterRatios.slice(index + 1).find((next) => next !== null) ?? 1;
    return [{ from: ratio * limit, to: Math.max(ratio, above) * limit, level }];
  });
}

function useSummary({ binding }: ApiProcess, points: readonly ApiPoint[], about: string): string {
  const last = points.at(-1);
  return `Use of the ${binding ?? 'binding'} constraint of ${about}: ${span(points, 'usageBytes', bytes)}; now ${useOf(last?.usageBytes, last?.limitBytes)}`;
}

function span(
  points: readonly ApiPoint[],
  key: 'usageBytes' | 'pressureRatio' | 'rssBytes' | 'heapUsedBytes' | 'cachesBytes',
  format: (value: number | null) => string,
): string {
  const values = points.flatMap((point) => point[key] ?? []);
  if (values.length === 0) return 'not known';
  return `from ${format(Math.min(...values))} to ${format(Math.max(...values))}, last ${format(values.at(-1) ?? null)}`;
}
