/** The first view: the verdict, every process with the worst first, what happened lately. */
import type { ApiProcess } from '../../api/types.ts';
import { fill, h, link, liveText, memo, section } from './dom.ts';
import { createEventList } from './event-list.ts';
import { ago } from './format.ts';
import { levelIcon, note, sentence } from './parts.ts';
import { processColumns } from './process-columns.ts';
import { howMany, isCalm, plainText, verdictOfAll, worstFirst } from './sentence.ts';
import { nowOf, type State } from './state.ts';
import { createTable } from './table.ts';
import { postmortemAddress, processAddress, type View, type ViewParts } from './view.ts';
import { CAUSE, evidenceOf, nameOf } from './words.ts';

/** A death is news for so long. */
const NEWS_MS = 10 * 60_000;

export function createOverview({ state }: ViewParts): View {
  const hero = createHero();
  const news = createNews();
  const empty = createEmptyState();
  const events = createEventList('Recent events', { isNamed: true });
  const search = h('input', {
    type: 'search',
    id: 'filter',
    placeholder: 'service, process, pid, level …',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const found = liveText();
  const table = createTable<ApiProcess>({
    caption: 'Processes, worst first',
    columns: processColumns(state),
    keyOf: ({ instance }) => instance,
    givenOrder: 'worst first',
    decorate: (row, { state: memberState, level }) => {
      row.dataset['state'] = memberState;
      row.dataset['level'] = level ?? 'unknown';
    },
  });
  const processes = h(
    'section',
    { class: 'section processes' },
    h(
      'div',
      { class: 'toolbar' },
      h('h2', {}, 'Processes'),
      h('span', { class: 'muted' }, found.node),
      h('label', { for: 'filter', class: 'visually-hidden' }, 'Filter processes'),
      search,
    ),
    table.element,
  );

  function update(now: State): void {
    const all = [...now.processes.values()].toSorted(worstFirst);
    const isEmpty = all.length === 0 && now.nowMs !== 0;
    empty.hidden = !isEmpty;
    processes.hidden = all.length === 0;
    hero.update(now, all);
    news.update(now);
    const shown = all.filter((process) => matches(process, search.value));
    found.set(shown.length === all.length ? howMany(all) : `${shown.length} of ${all.length} shown`);
    table.update(shown);
    events.element.hidden = now.nowMs === 0;
    events.update(now, now.feed);
  }

  search.addEventListener('input', () => update(state));
  return {
    title(now) {
      const [worst] = [...now.processes.values()].toSorted(worstFirst);
      return worst === undefined || isCalm(worst) || worst.state === 'ended'
        ? 'Processes'
        : `${worst.level ?? ''} · ${nameOf(worst)}`;
    },
    element: h(
      'div',
      {},
      h('h1', { class: 'visually-hidden', tabindex: '-1' }, 'Processes'),
      hero.element,
      news.element,
      empty,
      processes,
      events.element,
    ),
    update,
  };
}

function createHero() {
  const element = h('section', { class: 'verdict', 'aria-label': 'Verdict' });
  const set = memo<{ state: State; all: readonly ApiProcess[] }>(
    ({ state, all }) => {
      const parts = verdictOfAll(all, state.caches, nowOf(state));
      const [worst] = all;
      const level = worst === undefined || worst.state === 'ended' ? null : worst.level;
      element.dataset['level'] = level ?? 'unknown';
      fill(
        element,
        level !== null && levelIcon(level),
        h('p', {}, ...sentence(parts)),
        worst !== undefined &&
          !isCalm(worst) &&
          worst.state !== 'ended' &&
          link(processAddress(worst.instance), 'Look into it'),
      );
    },
    ({ state, all }) =>
      `${all[0]?.instance ?? ''} ${all[0]?.level ?? ''} ${all[0]?.state ?? ''} ${plainText(verdictOfAll(all, state.caches, nowOf(state)))}`,
  );
  return {
    element,
    update(state: State, all: readonly ApiProcess[]) {
      element.hidden = all.length === 0;
      if (all.length > 0) set({ state, all });
    },
  };
}

function createNews() {
  const element = h('ul', { class: 'news', 'aria-label': 'Deaths of the last ten minutes' });
  const set = memo<State>(
    (state) => {
      const recent = newsOf(state);
      element.hidden = recent.length === 0;
      fill(
        element,
        ...recent
          .slice(0, 3)
          .map((death) =>
            h(
              'li',
              {},
              h('strong', {}, `${death.serviceName} ${death.process} `),
              `${CAUSE[death.cause]}, ${ago(death.diedMs ?? death.foundMs, nowOf(state))} (${evidenceOf(death)}). `,
              link(postmortemAddress(death.instance), 'Post-mortem'),
            ),
          ),
      );
    },
    (state) =>
      newsOf(state)
        .map((death) => `${death.instance} ${ago(death.diedMs ?? death.foundMs, nowOf(state))}`)
        .join(),
  );
  return { element, update: set };
}

function newsOf(state: State) {
  return state.postmortems.filter(({ cause, foundMs }) => cause !== 'exit' && nowOf(state) - foundMs < NEWS_MS);
}

function createEmptyState(): HTMLElement {
  const element = section(
    'No process yet',
    note(
      'The sidecar watches its folder and has seen no process with the Plimsoll agent. Start one with the same folder:',
    ),
    h(
      'pre',
      { tabindex: '0', 'aria-label': 'Command' },
      'PLIMSOLL_DIR=/the/sidecar’s/folder node --require plimsoll/register app.js',
    ),
    note(
      'or let one command do both: ',
      h('code', {}, 'plimsoll run app.js'),
      '. It appears here by itself, within a second of its first sample.',
    ),
  );
  element.hidden = true;
  return element;
}

function matches(process: ApiProcess, search: string): boolean {
  const { service, container, pid, level, state, binding, instance } = process;
  const words =
    `${service} ${process.process} ${container} ${pid ?? ''} ${level ?? ''} ${state} ${binding ?? ''} ${instance}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
