/** Every death that was reported, and how many of each kind there were. */
import { DEATH_CAUSES, DEATH_EVIDENCE, type DeathCount, type Postmortem } from '../../../model/postmortem.ts';
import type { ApiPostmortems } from '../../api/types.ts';
import { button, fill, h, liveText, memo, section } from './dom.ts';
import { bytes, count, dateTime, percent } from './format.ts';
import { levelBadge, note, time } from './parts.ts';
import { takePostmortems, type State } from './state.ts';
import { createTable, textColumn } from './table.ts';
import { postmortemAddress, type View, type ViewParts } from './view.ts';
import { CAUSE_SHORT, evidenceOf } from './words.ts';

export function createPostmortemsView(parts: ViewParts): View {
  const table = deathsTable();
  const older = createOlder(parts, update);
  const empty = note(
    'Nobody died yet. When a process ends, why it did is here within a second: also after a SIGKILL, which leaves nothing else.',
  );
  const counts = h('div', {});
  const showCounts = memo<readonly DeathCount[]>(
    (deaths) => fill(counts, countsTable(deaths)),
    (deaths) => JSON.stringify(deaths),
  );

  function update({ postmortems, deaths }: State): void {
    table.element.hidden = postmortems.length === 0;
    empty.hidden = postmortems.length > 0;
    table.update(postmortems);
    showCounts(deaths);
  }

  return {
    title: () => 'Post-mortems',
    element: h(
      'div',
      {},
      h('h1', { tabindex: '-1' }, 'Post-mortems'),
      h('section', { class: 'section', 'aria-label': 'Deaths' }, table.element, older, empty),
      section(
        'Deaths counted',
        note(
          'Since the folder of the sidecar was made. Observed: somebody who knows said so. Inferred: from the last numbers.',
        ),
        counts,
      ),
    ),
    update,
  };
}

/** A button for the page behind what is shown, as long as there is one. */
function createOlder({ api, state }: ViewParts, update: (state: State) => void): HTMLElement {
  const end = h('p', { class: 'note', tabindex: '-1' }, 'These are all that are kept.');
  const ask = button('Older', () => void load());
  let next: string | null = null;
  let isAsking = false;
  ask.hidden = true;
  end.hidden = true;

  async function load(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    const hadFocus = document.activeElement === ask;
    try {
      const page = await api.get<ApiPostmortems>('postmortems', next === null ? {} : { cursor: next });
      end.hidden = next === null || page.next !== null;
      next = page.next;
      ask.hidden = next === null;
      if (hadFocus && ask.hidden) end.focus(); // a focus that vanishes begins at the top again
      takePostmortems(state, page.postmortems);
      update(state);
    } catch {
      // the state of the connection is in the header; the button can be used again
    } finally {
      isAsking = false;
    }
  }

  void load();
  return h('div', {}, ask, end);
}

function deathsTable() {
  return createTable<Postmortem>({
    caption: 'Post-mortems, newest first',
    keyOf: ({ instance }) => instance,
    givenOrder: 'newest first',
    columns: [
      {
        id: 'process',
        title: 'Process',
        sortBy: ({ serviceName, process }) => `${serviceName} ${process}`,
        cell() {
          const anchor = h('a', {});
          return {
            content: anchor,
            update({ instance, serviceName, process }) {
              anchor.textContent = `${serviceName} ${process}`;
              anchor.href = postmortemAddress(instance);
            },
          };
        },
      },
      {
        id: 'died',
        title: 'Died',
        isNumber: true,
        sortBy: ({ diedMs, foundMs }) => diedMs ?? foundMs,
        cell() {
          const holder = h('span', {});
          return {
            content: holder,
            update: ({ diedMs, foundMs }) =>
              fill(
                holder,
                time(diedMs ?? foundMs, `${diedMs === null ? 'before ' : ''}${dateTime(diedMs ?? foundMs)}`),
              ),
          };
        },
      },
      textColumn('Cause', ({ cause }) => CAUSE_SHORT[cause], { sortBy: ({ cause }) => cause }),
      textColumn('Evidence', (death) => evidenceOf(death), { sortBy: ({ confidence }) => -confidence }),
      {
        id: 'level',
        title: 'Last level',
        cell() {
          const badge = levelBadge();
          return { content: badge.element, update: ({ last }) => badge.set(last?.level ?? null) };
        },
      },
      textColumn('Pressure', ({ last }) => percent(last?.pressureRatio), {
        isNumber: true,
        sortBy: ({ last }) => last?.pressureRatio ?? -1,
      }),
      textColumn('RSS', ({ last }) => bytes(last?.rssBytes), {
        isNumber: true,
        sortBy: ({ last }) => last?.rssBytes ?? -1,
      }),
    ],
  });
}

function countsTable(deaths: readonly DeathCount[]): HTMLElement {
  const of = (cause: string, evidence: string): number =>
    deaths.reduce((sum, death) => (death.cause === cause && death.evidence === evidence ? sum + death.count : sum), 0);
  const body = DEATH_CAUSES.map((cause) => {
    const cells = DEATH_EVIDENCE.map((evidence) => {
      const text = liveText(count(of(cause, evidence)));
      return h('td', { class: 'number' }, text.node);
    });
    return h('tr', {}, h('th', { scope: 'row' }, CAUSE_SHORT[cause]), ...cells);
  });
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, 'Cause'),
    ...DEATH_EVIDENCE.map((evidence) => h('th', { scope: 'col', class: 'number' }, evidence)),
  );
  return h(
    'table',
    { class: 'counts' },
    h('caption', { class: 'visually-hidden' }, 'Deaths by cause and evidence'),
    h('thead', {}, head),
    h('tbody', {}, ...body),
  );
}

/** Beside the name of the view in the navigation. */
export function deathsShown({ postmortems }: State): string {
  return postmortems.length === 0 ? '' : String(postmortems.length);
}
