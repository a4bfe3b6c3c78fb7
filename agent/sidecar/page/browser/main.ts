/** The web page of the sidecar: what is dying, why, how long is left, who holds it. */
import { createAnnouncer } from './announcer.ts';
import { createApi } from './api.ts';
import { createCacheView } from './cache-view.ts';
import { startFeed } from './feed.ts';
import { createOverview } from './overview.ts';
import { createPostmortemView } from './postmortem-view.ts';
import { createPostmortemsView } from './postmortems-view.ts';
import { createProcessView } from './process-view.ts';
import { createShell } from './shell.ts';
import { createTokenForm } from './token-form.ts';
import { routeOf, type Route, type View } from './view.ts';

/** Eyes need no more, and a hundred processes cost no more than one. */
const PAINT_MS = 250;

const api = createApi();
const feed = startFeed(api);
const { state } = feed;
const announcer = createAnnouncer();
const shell = createShell(feed, announcer.element);
let route: Route = routeOf(location.hash);
let view: View | undefined;
let painting: ReturnType<typeof setTimeout> | undefined;

function viewOf(wanted: Route): View {
  switch (wanted.kind) {
    case 'process':
      return createProcessView({ api, state }, wanted.instance);
    case 'cache':
      return createCacheView({ api, state }, wanted.instance, wanted.name);
    case 'postmortems':
      return createPostmortemsView({ api, state });
    case 'postmortem':
      return createPostmortemView(wanted.instance);
    case 'overview':
    default:
      return createOverview({ api, state });
  }
}

function close(): void {
  view?.dispose?.();
  view = undefined;
}

function askForToken(): void {
  if (shell.main.querySelector('.token') !== null) return;
  close();
  shell.main.replaceChildren(
    createTokenForm(api, () => {
      shell.main.replaceChildren();
      feed.tryNow();
    }),
  );
  shell.main.querySelector('input')?.focus();
}

function paint(): void {
  painting = undefined;
  shell.update(state, route);
  if (state.connection.kind === 'unauthorized') {
    askForToken();
    return;
  }
  if (view === undefined) {
    view = viewOf(route);
    shell.main.replaceChildren(view.element);
  }
  view.update(state);
  announcer.update(state);
  document.title = `${view.title(state)} – Plimsoll`;
}

addEventListener('hashchange', () => {
  route = routeOf(location.hash);
  close();
  clearTimeout(painting);
  paint();
  scrollTo(0, 0);
  shell.main.querySelector('h1')?.focus({ preventScroll: true });
});
feed.subscribe(() => {
  painting ??= setTimeout(paint, PAINT_MS);
});
paint();
