/** What surrounds every view: skip link, name, navigation, the state of the connection. */
import { button, fill, h, link, liveText, memo, setAttribute, svg } from './dom.ts';
import { clock, duration } from './format.ts';
import { deathsShown } from './postmortems-view.ts';
import type { Feed } from './feed.ts';
import type { State } from './state.ts';
import { createThemeSwitch } from './theme.ts';
import { OVERVIEW, POSTMORTEMS, type Route } from './view.ts';

export interface Shell {
  readonly main: HTMLElement;
  update(state: State, route: Route): void;
}

export function createShell(feed: Feed, announcer: HTMLElement): Shell {
  const main = h('main', { id: 'main', tabindex: '-1' });
  const skip = h('a', { href: '#main', class: 'skip' }, 'Skip to the content');
  skip.addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  const processes = link(OVERVIEW, 'Processes');
  const deaths = liveText();
  const postmortems = link(POSTMORTEMS, 'Post-mortems', h('span', { class: 'count' }, deaths.node));
  const connection = createConnection(feed);
  document.body.replaceChildren(
    skip,
    h(
      'header',
      { class: 'top' },
      h(
        'div',
        { class: 'inner' },
        h('a', { href: OVERVIEW, class: 'brand' }, mark(), 'Plimsoll'),
        h('nav', { 'aria-label': 'Views' }, processes, postmortems),
        connection.element,
        createThemeSwitch(),
      ),
    ),
    connection.banner,
    main,
    announcer,
  );
  return {
    main,
    update(state, { kind }) {
      const isDeaths = kind === 'postmortem' || kind === 'postmortems';
      setAttribute(processes, 'aria-current', isDeaths ? 'false' : 'page');
      setAttribute(postmortems, 'aria-current', isDeaths ? 'page' : 'false');
      deaths.set(deathsShown(state));
      connection.update(state);
      main.classList.toggle('stale', state.connection.kind === 'lost');
    },
  };
}

/** The load line of a ship's hull. */
function mark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: 'brand-mark', 'aria-hidden': 'true' },
    svg('circle', { cx: '12', cy: '12', r: '7.5' }),
    svg('path', { d: 'M1 12h22' }),
  );
}

function createConnection(feed: Feed) {
  const text = liveText();
  const element = h('p', { class: 'connection' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), text.node);
  const banner = h('div', { class: 'banner', role: 'status' });
  const show = memo<State>(
    ({ connection, heardMs }) => {
      setAttribute(element, 'data-kind', connection.kind);
      text.set(
        connection.kind === 'lost'
          ? 'disconnected'
          : connection.kind === 'unauthorized'
            ? 'not signed in'
            : connection.kind,
      );
      banner.hidden = connection.kind !== 'lost';
      if (connection.kind !== 'lost') return;
      fill(
        banner,
        h(
          'span',
          {},
          `Disconnected since ${clock(connection.sinceMs)}: ${connection.reason.replace(/\.$/, '')}. ${heardMs === 0 ? 'Nothing was heard yet' : `What you see is of ${clock(heardMs)}`}; trying again after ${duration((connection.nextMs - Date.now()) / 1000)}.`,
        ),
        button('Try now', () => feed.tryNow()),
      );
    },
    ({ connection }) => JSON.stringify(connection),
  );
  banner.hidden = true;
  return { element, banner, update: show };
}
