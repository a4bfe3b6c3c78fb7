/** A chart of values over time with zones, marks and a legend, and the same as a table for who cannot see it. */
import uPlot from 'uplot';

import {
  createDataTable,
  createLegend,
  type ChartData,
  type ChartOptions,
  type Mark,
  type Zone,
} from './chart-words.ts';
import { h, setAttribute } from './dom.ts';

export interface Chart {
  readonly element: HTMLElement;
  update(data: ChartData): void;
  dispose(): void;
}

/** Width of a label and some air. */
const MARK_PIXELS = 30;
/** Labels show no less than a second. */
const TIME_STEPS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const POWERS_OF_TWO = Array.from({ length: 40 }, (_, exponent) => 2 ** exponent * 1024);

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function createChart(options: ChartOptions): Chart {
  const { title, heightPixels, series, unit, format } = options;
  const plotElement = h('div', { class: 'plot', role: 'img', 'aria-label': title });
  const legend = createLegend(options);
  const table = createDataTable(options);
  const element = h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title),
    plotElement,
    legend.element,
    table.element,
  );
  let data: ChartData | undefined;

  const plot = new uPlot(
    {
      width: 320,
      height: heightPixels,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => [(data?.fromMs ?? 0) / 1000, (data?.toMs ?? 1) / 1000] },
        y: { range: (_, __, max) => [0, unit === 'ratio' ? Math.max(1, max) : Math.max(1024, max * 1.06)] },
      },
      axes: [
        axis({ values: '{HH}:{mm}:{ss}', incrs: TIME_STEPS_SECONDS, space: 90, size: 30 }),
        axis({ size: 72, ...(unit === 'bytes' && { incrs: POWERS_OF_TWO }), values: (_, ticks) => ticks.map(format) }),
      ],
      series: [
        {},
        ...series.map((each) => ({
          label: each.label,
          stroke: () => color(each.color),
          width: each.isDashed === true ? 1.5 : 2,
          ...(each.isDashed === true && { dash: [6, 4] }),
          ...(each.isFilled === true && { fill: () => color(`${each.color}-fill`) }),
          points: { show: () => (data?.wallMs.length ?? 0) < 3 },
        })),
      ],
      hooks: {
        drawClear: [(self) => drawZones(self, data?.zones ?? [])],
        draw: [(self) => drawMarks(self, data?.marks ?? [])],
        setCursor: [(self) => legend.show(self.cursor.idx ?? undefined)],
      },
    },
    [[], ...series.map(() => [])],
    plotElement,
  );

  const resized = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(120, plotElement.clientWidth), height: heightPixels }),
  );
  resized.observe(plotElement);
  const themed = new MutationObserver(() => plot.redraw(false));
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const preferred = matchMedia('(prefers-color-scheme: dark)');
  const onPreferred = (): void => plot.redraw(false);
  preferred.addEventListener('change', onPreferred);

  return {
    element,
    update(next) {
      data = next;
      plot.setData([next.wallMs.map((ms) => ms / 1000), ...next.values.map((values) => [...values])]);
      legend.update(next);
      table.update(next);
      setAttribute(plotElement, 'aria-label', next.summary);
    },
    dispose() {
      resized.disconnect();
      themed.disconnect();
      preferred.removeEventListener('change', onPreferred);
      plot.destroy();
    },
  };
}

function axis(options: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => color('--muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: () => color('--grid'), width: 1 },
    ticks: { show: false },
    ...options,
  };
}

function drawZones(plot: uPlot, zones: readonly Zone[]): void {
  const { left, width, top, height } = plot.bbox;
  for (const { from, to, level } of zones) {
    const upper = Math.max(top, plot.valToPos(to, 'y', true));
    const lower = Math.min(top + height, plot.valToPos(from, 'y', true));
    if (lower <= upper) continue;
    plot.ctx.fillStyle = color(`--${level}-zone`);
    plot.ctx.fillRect(left, upper, width, lower - upper);
  }
}

/** Marks too close for a label each share one. */
function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { left, width, top, height } = plot.bbox;
  const { ctx } = plot;
  const scale = devicePixelRatio;
  const groups: { x: number; readonly labels: string[] }[] = [];
  ctx.save();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const { wallMs, label } of marks.toSorted((a, b) => a.wallMs - b.wallMs)) {
    const x = plot.valToPos(wallMs / 1000, 'x', true);
    if (x < left || x > left + width) continue;
    ctx.fillStyle = color('--muted');
    ctx.fillRect(x, top, scale, height);
    const group = groups.at(-1);
    if (group !== undefined && x - group.x < MARK_PIXELS * scale) group.labels.push(label);
    else groups.push({ x, labels: [label] });
  }
  for (const { x, labels } of groups) {
    const text = labels.length === 1 ? (labels[0] ?? '') : `${labels[0] ?? ''}–${labels.at(-1) ?? ''}`;
    const half = Math.max(8 * scale, ctx.measureText(text).width / 2 + 4 * scale);
    const middle = Math.min(x, left + width - half);
    ctx.fillStyle = color('--muted');
    ctx.fillRect(middle - half, top, 2 * half, 15 * scale);
    ctx.fillStyle = color('--surface');
    ctx.fillText(text, middle, top + 8 * scale);
  }
  ctx.restore();
}
