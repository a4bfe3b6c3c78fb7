/** The columns of the table of processes. */
import type { ApiProcess } from '../../api/types.ts';
import { fill, h, liveText, memo } from './dom.ts';
import { bytes, timeToLimit, UNKNOWN, useOf } from './format.ts';
import { levelBadge, pressureBar, sparkline, tags } from './parts.ts';
import type { State } from './state.ts';
import { textColumn, type Column } from './table.ts';
import { processAddress } from './view.ts';
import { nameOf, rankOf } from './words.ts';

export function processColumns(state: State): readonly Column<ApiProcess>[] {
  return [
    nameColumn(),
    {
      id: 'level',
      title: 'Level',
      isNumber: false,
      sortBy: ({ level }) => -rankOf(level),
      cell() {
        const badge = levelBadge();
        return { content: badge.element, update: ({ level }) => badge.set(level) };
      },
    },
    {
      id: 'pressure',
      title: 'Pressure',
      isNumber: true,
      sortBy: ({ pressureRatio }) => pressureRatio ?? -1,
      cell() {
        const bar = pressureBar();
        return { content: bar.element, update: (process) => bar.set(process) };
      },
    },
    {
      id: 'trend',
      title: 'Last minute',
      cell() {
        const line = sparkline();
        return {
          content: line.element,
          update: ({ instance }) => line.set(state.points.get(instance) ?? []),
        };
      },
    },
    textColumn(
      'Binding',
      ({ binding, constraints }) => {
        const bound = constraints.find(({ constraint }) => constraint === binding);
        return binding === null ? UNKNOWN : `${binding}, ${useOf(bound?.usageBytes, bound?.limitBytes)}`;
      },
      { sortBy: ({ binding }) => binding ?? '' },
    ),
    textColumn('Headroom', ({ headroomBytes }) => bytes(headroomBytes), {
      isNumber: true,
      sortBy: ({ headroomBytes }) => headroomBytes ?? Infinity,
    }),
    textColumn('Time to limit', (process) => timeToLimit(process.timeToLimitSeconds), {
      isNumber: true,
      sortBy: (process) => -(process.timeToLimitSeconds ?? 1e12),
    }),
    textColumn('RSS', ({ rssBytes }) => bytes(rssBytes), { isNumber: true, sortBy: ({ rssBytes }) => rssBytes ?? -1 }),
  ];
}

function nameColumn(): Column<ApiProcess> {
  return {
    id: 'process',
    title: 'Process',
    sortBy: nameOf,
    cell() {
      const name = liveText();
      const anchor = h('a', {}, name.node);
      const about = liveText();
      const state = h('span', { class: 'tags' });
      const setTags = memo<ApiProcess>(
        (process) => fill(state, ...tags(process)),
        ({ state: is, isDrill, mode, degraded }) => `${is}${isDrill}${mode}${degraded.length}`,
      );
      return {
        content: h(
          'span',
          { class: 'name' },
          h('span', { class: 'name-line' }, anchor, state),
          h('span', { class: 'muted' }, about.node),
        ),
        update(process) {
          name.set(nameOf(process));
          about.set(
            [process.container, process.pid === null ? '' : `pid ${process.pid}`]
              .filter((word) => word !== '')
              .join(' · '),
          );
          const address = processAddress(process.instance);
          if (anchor.getAttribute('href') !== address) anchor.href = address;
          setTags(process);
        },
      };
    },
  };
}
