/** What a chart is given, and what it says beside its lines: the legend, and the same numbers as a table. */
import type { LevelName } from '../../../model/level.ts';
import { button, fill, h, liveText } from './dom.ts';
import { clock } from './format.ts';

const MAX_TABLE_ROWS = 20;

export interface Series {
  readonly label: string;
  /** A colour of page.css: `--accent`. */
  readonly color: string;
  readonly isFilled?: boolean;
  readonly isDashed?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly heightPixels: number;
  readonly series: readonly Series[];
  /** Of an axis in bytes the steps are powers of two. */
  readonly unit: 'bytes' | 'ratio';
  format(value: number | null | undefined): string;
}

/** From this value on, a level. */
export interface Zone {
  readonly from: number;
  readonly to: number;
  readonly level: LevelName;
}

export interface Mark {
  readonly wallMs: number;
  /** The number that it has in the list beside. */
  readonly label: string;
}

export interface ChartData {
  readonly wallMs: readonly number[];
  /** One list for each series. */
  readonly values: readonly (readonly (number | null)[])[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly zones?: readonly Zone[];
  readonly marks?: readonly Mark[];
  /** What the chart says, in words. */
  readonly summary: string;
}

/** The newest values, or those under the pointer. */
export function createLegend({ series, format }: ChartOptions) {
  const values = series.map(() => liveText());
  const moment = liveText();
  let data: ChartData | undefined;

  function show(index: number | undefined): void {
    if (data === undefined) return;
    const at = index ?? data.wallMs.length - 1;
    const wallMs = data.wallMs[at];
    moment.set(wallMs === undefined ? 'no sample in this time' : clock(wallMs));
    for (const [place, text] of values.entries()) text.set(format(data.values[place]?.[at]));
  }

  return {
    element: h(
      'ul',
      { class: 'legend' },
      ...series.map(({ label, color: name, isDashed }, index) => {
        const swatch = h('span', { class: isDashed === true ? 'swatch dashed' : 'swatch', 'aria-hidden': 'true' });
        swatch.style.setProperty('--swatch', `var(${name})`);
        return h('li', {}, swatch, `${label} `, h('b', {}, values[index]?.node));
      }),
      h('li', { class: 'moment' }, moment.node),
    ),
    show,
    update(next: ChartData) {
      data = next;
      show(undefined);
    },
  };
}

/** Made only when it is opened: most look at the lines. */
export function createDataTable({ title, series, format }: ChartOptions) {
  const body = h('tbody', {});
  const toggle = button(
    'Show as table',
    () => {
      const isOpen = toggle.getAttribute('aria-expanded') === 'true';
      toggle.setAttribute('aria-expanded', String(!isOpen));
      holder.hidden = isOpen;
      if (data) update(data);
    },
    { class: 'quiet', 'aria-expanded': 'false' },
  );
  const holder = h(
    'div',
    { class: 'plain-table', tabindex: '0', role: 'region', 'aria-label': `${title}, as a table` },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...['Time', ...series.map(({ label }) => label)].map((label) => h('th', { scope: 'col' }, label))),
      ),
      body,
    ),
  );
  holder.hidden = true;
  let data: ChartData | undefined;

  function update(next: ChartData): void {
    data = next;
    if (holder.hidden) return;
    const step = Math.max(1, Math.ceil(next.wallMs.length / MAX_TABLE_ROWS));
    const rows = next.wallMs.flatMap((wallMs, index) =>
      (next.wallMs.length - 1 - index) % step === 0
        ? [
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, clock(wallMs)),
              ...next.values.map((values) => h('td', {}, format(values[index]))),
            ),
          ]
        : [],
    );
    fill(body, ...rows.toReversed());
  }
  return { element: h('div', { class: 'chart-table' }, toggle, holder), update };
}
