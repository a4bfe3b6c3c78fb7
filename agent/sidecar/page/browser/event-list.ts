/** What happened, newest first, in words; numbered where a chart beside has the marks. */
import { fill, h, link, memo } from './dom.ts';
import { clock, dateTime } from './format.ts';
import { time } from './parts.ts';
import type { FeedItem, State } from './state.ts';
import { processAddress } from './view.ts';
import { nameOf } from './words.ts';

const SHOWN = 20;
const SAME_DAY_MS = 12 * 3_600_000;

export interface EventListOptions {
  /** Whether each event says whose it is. */
  readonly isNamed: boolean;
}

export function createEventList(title: string, { isNamed }: EventListOptions) {
  const list = h('ol', { class: 'events' });
  const element = h('section', { class: 'section' }, h('h2', {}, title), list);
  const set = memo<{ state: State; items: readonly FeedItem[]; labels: ReadonlyMap<FeedItem, string> }>(
    ({ state, items, labels }) => {
      fill(
        list,
        ...items.slice(0, SHOWN).map((item) => line(item, state, isNamed, labels.get(item))),
        items.length === 0 &&
          h('li', { class: 'muted' }, 'Nothing happened yet: level changes and what was done about them appear here.'),
      );
    },
    ({ items, labels }) =>
      `${items.length} ${items[0]?.wallMs ?? 0} ${items[0]?.instance ?? ''} ${[...labels.values()].join()}`,
  );
  return {
    element,
    update: (state: State, items: readonly FeedItem[], labels: ReadonlyMap<FeedItem, string> = new Map()) =>
      set({ state, items, labels }),
  };
}

function line(item: FeedItem, state: State, isNamed: boolean, label: string | undefined): HTMLElement {
  const process = state.processes.get(item.instance);
  const isToday = Date.now() - item.wallMs < SAME_DAY_MS;
  return h(
    'li',
    { 'data-severity': item.severity },
    label !== undefined && h('span', { class: 'mark' }, label),
    time(item.wallMs, isToday ? clock(item.wallMs) : dateTime(item.wallMs)),
    isNamed &&
      (process === undefined ? h('span', {}, item.instance) : link(processAddress(item.instance), nameOf(process))),
    h('span', { class: 'severity' }, item.severity.toLowerCase()),
    h('span', { class: 'event-text' }, item.text),
  );
}
