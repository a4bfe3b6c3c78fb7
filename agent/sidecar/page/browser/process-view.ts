/** One process: verdict, charts with the events beside, constraints, caches, what it has to do without. */
import type { ApiCache, ApiConstraint, ApiEvents, ApiPoint, ApiProcess } from '../../api/types.ts';
import type { Degradation } from '../../../model/snapshot.ts';
import { cachesTable } from './caches-table.ts';
import { facts, fill, h, link, memo, section } from './dom.ts';
import { createEventList } from './event-list.ts';
import { ago, bytes, dateTime, rate, timeToLimit } from './format.ts';
import { levelBadge, note, pressureBar, sentence, tags, time } from './parts.ts';
import { createProcessCharts } from './process-charts.ts';
import { createRangeChooser, joined, loadHistory, RANGES, type Range } from './range.ts';
import { plainText, processState, verdictOf } from './sentence.ts';
import { nowOf, withEvents, type FeedItem, type State } from './state.ts';
import { createTable, textColumn } from './table.ts';
import { OVERVIEW, postmortemAddress, type View, type ViewParts } from './view.ts';
import { levelAt, nameOf } from './words.ts';

const MOST_MARKS = 12;
const LEAST_SPAN_MS = 30_000;

export function createProcessView({ api, state }: ViewParts, instance: string): View {
  const head = createHead();
  const verdict = createVerdict();
  const charts = createProcessCharts();
  const events = createEventList('Events', { isNamed: false });
  const constraints = constraintsTable();
  const caches = cachesTable({ caption: 'Caches of this process, the largest first', isNamed: false });
  const noCache = note(
    'No cache is known. The agent finds caches of common libraries by itself; an application registers others with registerCache().',
  );
  const degraded = createDegraded();
  const missing = section(
    'No such process',
    note('It ended more than ten minutes ago, or was never here. ', link(OVERVIEW, 'All processes')),
  );
  let range: Range = RANGES[0];
  let kept: readonly ApiPoint[] = [];
  /** Of before; the feed has the newest of all processes alone. */
  let past: readonly FeedItem[] = [];

  async function load(): Promise<void> {
    const asked = range;
    try {
      const points = await loadHistory(api, instance, asked);
      if (asked !== range) return;
      kept = points;
      update(state);
    } catch {
      // what came live is shown; the state of the connection is in the header
    }
  }

  async function loadEvents(): Promise<void> {
    try {
      past = (await api.get<ApiEvents>('events', { instance, since: '2d' })).events;
      update(state);
    } catch {
      // as above
    }
  }

  const chooser = createRangeChooser((chosen) => {
    range = chosen;
    void load();
  });
  const content = h(
    'div',
    {},
    head.element,
    verdict.element,
    h(
      'section',
      { class: 'section' },
      h('div', { class: 'toolbar' }, h('h2', {}, 'Memory over time'), chooser),
      h('div', { class: 'beside' }, charts.element, events.element),
    ),
    section('Constraints', constraints.element),
    h('section', { class: 'section' }, h('h2', {}, 'Caches'), caches.element, noCache),
    degraded.element,
  );

  function update(now: State): void {
    const process = now.processes.get(instance);
    content.hidden = process === undefined;
    missing.hidden = process !== undefined || now.nowMs === 0;
    if (process === undefined) return;
    const toMs = process.state === 'ended' ? (process.sampleMs ?? nowOf(now)) : nowOf(now);
    // of a process that is young all of its life, not the empty time before
    const fromMs = Math.max(toMs - range.spanMs, Math.min(process.startedMs, toMs - LEAST_SPAN_MS));
    const live = now.feed.filter((item) => item.instance === instance);
    const items = withEvents(live, past);
    const labels = labelsOf(items.filter(({ wallMs }) => wallMs >= fromMs));
    head.update(process, now);
    verdict.update({ process, caches: now.caches, nowMs: nowOf(now) });
    charts.update({
      process,
      points: joined(kept, now.points.get(instance) ?? [], fromMs),
      fromMs,
      toMs,
      rangeName: range.name,
      marks: [...labels].map(([{ wallMs }, label]) => ({ wallMs, label })),
    });
    events.update(now, items, labels);
    constraints.update(
      process.constraints
        .toSorted((a, b) => b.utilizationRatio - a.utilizationRatio)
        .map((one) => ({ ...one, process })),
    );
    const own = now.caches.filter((cache) => cache.instance === instance).toSorted((a, b) => b.bytes - a.bytes);
    caches.element.hidden = own.length === 0;
    noCache.hidden = own.length > 0;
    caches.update(own);
    degraded.update(process.degraded);
  }

  void load();
  void loadEvents();
  return {
    title(now) {
      const process = now.processes.get(instance);
      return process === undefined ? 'Process' : `${processState(process, nowOf(now))} · ${nameOf(process)}`;
    },
    element: h('div', {}, content, missing),
    update,
    dispose: () => charts.dispose(),
  };
}

/** The newest has the highest number, so that a number stays with its event. */
function labelsOf(items: readonly FeedItem[]): ReadonlyMap<FeedItem, string> {
  return new Map(items.slice(0, MOST_MARKS).map((item, index) => [item, String(items.length - index)]));
}

function createHead() {
  const title = h('h1', { tabindex: '-1' });
  const badge = levelBadge();
  const state = h('span', { class: 'tags' });
  const about = h('div', {});
  const set = memo<{ process: ApiProcess; postmortem: boolean; nowMs: number }>(
    ({ process, postmortem, nowMs }) => {
      title.textContent = nameOf(process);
      fill(state, ...tags(process));
      fill(
        about,
        facts([
          [
            'Level',
            process.levelSinceMs === null
              ? undefined
              : h(
                  'span',
                  {},
                  `${process.level ?? ''} since `,
                  time(process.levelSinceMs, dateTime(process.levelSinceMs)),
                ),
          ],
          ['Started', time(process.startedMs, ago(process.startedMs, nowMs))],
          ['RSS', bytes(process.rssBytes)],
          ['Container', process.container],
          ['Process id', process.pid === null ? undefined : String(process.pid)],
          ['Job', process.job ?? undefined],
          ['Stage', process.stage ?? undefined],
          ['Mode', process.mode],
          ['Exported by', process.exporter],
          ['Node.js', process.nodeVersion],
          ['Agent', process.agentVersion],
          ['Instance', h('code', {}, process.instance)],
          ['Post-mortem', postmortem && link(postmortemAddress(process.instance), 'What killed it')],
        ]),
      );
    },
    ({ process, postmortem, nowMs }) =>
      [
        nameOf(process),
        process.state,
        process.level,
        process.levelSinceMs,
        bytes(process.rssBytes),
        ago(process.startedMs, nowMs),
        process.job,
        process.stage,
        process.mode,
        process.exporter,
        process.isDrill,
        process.degraded.length,
        postmortem,
      ].join('|'),
  );
  return {
    element: h(
      'header',
      { class: 'head' },
      link(OVERVIEW, '← All processes'),
      h('div', { class: 'head-line' }, title, badge.element, state),
      about,
    ),
    update(process: ApiProcess, now: State) {
      badge.set(process.level);
      set({
        process,
        postmortem: now.postmortems.some((death) => death.instance === process.instance),
        nowMs: nowOf(now),
      });
    },
  };
}

function createVerdict() {
  const element = h('section', { class: 'verdict', 'aria-label': 'Verdict' });
  const update = memo<{ process: ApiProcess; caches: readonly ApiCache[]; nowMs: number }>(
    ({ process, caches, nowMs }) => {
      element.dataset['level'] = process.level ?? 'unknown';
      fill(element, h('p', {}, ...sentence(verdictOf(process, caches, nowMs))));
    },
    ({ process, caches, nowMs }) => `${process.level ?? ''}${plainText(verdictOf(process, caches, nowMs))}`,
  );
  return { element, update };
}

function constraintsTable() {
  return createTable<ApiConstraint & { readonly process: ApiProcess }>({
    caption: 'Constraints, the fullest first',
    keyOf: ({ constraint }) => constraint,
    columns: [
      textColumn('Constraint', ({ constraint, process }) =>
        constraint === process.binding ? `${constraint} (binding)` : constraint,
      ),
      {
        id: 'utilization',
        title: 'Utilization',
        isNumber: true,
        cell() {
          const bar = pressureBar();
          return {
            content: bar.element,
            update: ({ utilizationRatio, process }) =>
              bar.set({
                pressureRatio: utilizationRatio,
                level: levelAt(utilizationRatio, process.enterRatios),
                enterRatios: process.enterRatios,
              }),
          };
        },
      },
      textColumn('Use', ({ usageBytes }) => bytes(usageBytes), { isNumber: true }),
      textColumn('Limit', ({ limitBytes }) => bytes(limitBytes), { isNumber: true }),
      textColumn('Headroom', ({ headroomBytes }) => bytes(headroomBytes), { isNumber: true }),
      textColumn('Growth', ({ growthBytesPerSecond }) => rate(growthBytesPerSecond), { isNumber: true }),
      textColumn('Time to limit', (constraint) => timeToLimit(constraint.timeToLimitSeconds), { isNumber: true }),
    ],
  });
}

function createDegraded() {
  const list = h('ul', { class: 'degraded' });
  const element = section('What the agent has to do without', list);
  const update = memo<readonly Degradation[]>(
    (degraded) => {
      element.hidden = degraded.length === 0;
      fill(
        list,
        ...degraded.map(({ detail, repair }) => h('li', {}, `${detail}. `, h('b', {}, 'Repair: '), `${repair}.`)),
      );
    },
    (degraded) => JSON.stringify(degraded),
  );
  return { element, update };
}
