/** One death: the verdict and what it rests on, the last state, what was tried, the last minutes. */
import type { LastState, Postmortem, TimelinePoint } from '../../../model/postmortem.ts';
import { createChart, type Chart } from './chart.ts';
import { facts, fill, h, link, section } from './dom.ts';
import { bytes, clock, count, dateTime, duration, percent, rate, timeToLimit, UNKNOWN, useOf } from './format.ts';
import { levelBadge, note, time } from './parts.ts';
import type { State } from './state.ts';
import { POSTMORTEMS, type View } from './view.ts';
import { CAUSE, evidenceOf } from './words.ts';

export function createPostmortemView(instance: string): View {
  const body = h('div', {});
  const missing = note(
    'No such post-mortem. It may not be written yet, or was cleaned. ',
    link(POSTMORTEMS, 'All post-mortems'),
  );
  let shown: Postmortem | undefined;
  let chart: Chart | undefined;

  function update(now: State): void {
    const death = now.postmortems.find((one) => one.instance === instance);
    missing.hidden = death !== undefined || now.nowMs === 0;
    if (death === undefined || death === shown) return;
    shown = death;
    chart?.dispose();
    chart = death.timeline.length > 1 ? createTimeline(death.timeline) : undefined;
    fill(body, ...contentOf(death, chart?.element));
  }

  return {
    title: (now) => {
      const death = now.postmortems.find((one) => one.instance === instance);
      return death === undefined ? 'Post-mortem' : `Post-mortem of ${death.serviceName} ${death.process}`;
    },
    element: h('div', {}, h('p', { class: 'back' }, link(POSTMORTEMS, '← All post-mortems')), missing, body),
    update,
    dispose: () => chart?.dispose(),
  };
}

function contentOf(death: Postmortem, chart: HTMLElement | undefined): readonly (Node | undefined)[] {
  const name = `${death.serviceName} ${death.process}`;
  const diedMs = death.diedMs ?? death.foundMs;
  return [
    h(
      'header',
      { class: 'head' },
      h('h1', { tabindex: '-1' }, `${name} ${CAUSE[death.cause]}`),
      h(
        'p',
        { class: 'head-line' },
        h('span', { class: 'tag', 'data-tag': death.evidence }, evidenceOf(death)),
        h(
          'span',
          {},
          death.diedMs === null ? 'found ' : '',
          time(diedMs, dateTime(diedMs)),
          ` after ${duration((diedMs - death.startedMs) / 1000)} of life`,
        ),
      ),
    ),
    h(
      'div',
      { class: 'columns' },
      section('Why this is the verdict', because(death)),
      death.repair === null ? undefined : section('What would have helped', h('p', { class: 'repair' }, death.repair)),
    ),
    chart && section('The last minutes', chart),
    section('Last state', lastState(death.last)),
    h(
      'div',
      { class: 'columns' },
      section('Caches when it died', cachesOf(death)),
      section('What was tried', triedOf(death)),
    ),
    death.events.length > 0 ? section('Its last events', eventsOf(death)) : undefined,
    section('Facts', factsOf(death)),
  ];
}

function because(death: Postmortem): HTMLElement {
  return h('ol', { class: 'because' }, ...death.because.map((sentence) => h('li', {}, capitalized(sentence))));
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function lastState(last: LastState | null): HTMLElement {
  if (last === null) return note('It lived too short for a sample.');
  const bound = last.constraints.find(({ constraint }) => constraint === last.binding);
  return facts([
    ['Level', levelBadge(last.level).element],
    [
      'Taken',
      `${clock(last.wallMs)}${last.ageSeconds === null ? '' : `, ${duration(last.ageSeconds)} before the end`}`,
    ],
    ['Binding', last.binding === null ? undefined : `${last.binding}, ${useOf(bound?.usageBytes, bound?.limitBytes)}`],
    ['Pressure', percent(last.pressureRatio)],
    ['Headroom', bytes(last.headroomBytes)],
    ['Growth', rate(last.growthBytesPerSecond)],
    ['Time to limit', timeToLimit(last.timeToLimitSeconds)],
    ['RSS', bytes(last.rssBytes)],
    ['Heap', bytes(last.heapUsedBytes)],
    ['Outside of the heap', bytes(last.externalBytes)],
  ]);
}

function plainTable(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const cells = (row: readonly string[]): readonly HTMLElement[] =>
    row.map((text, index) => (index === 0 ? h('th', { scope: 'row' }, text) : h('td', { class: 'number' }, text)));
  return h(
    'table',
    { class: 'counts' },
    h('caption', { class: 'visually-hidden' }, caption),
    h(
      'thead',
      {},
      h('tr', {}, ...head.map((text, index) => h('th', { scope: 'col', class: index > 0 ? 'number' : '' }, text))),
    ),
    h('tbody', {}, ...rows.map((row) => h('tr', {}, ...cells(row)))),
  );
}

function cachesOf({ caches }: Postmortem): HTMLElement {
  if (caches.length === 0) return note('None was known.');
  return plainTable(
    'Caches when it died',
    ['Cache', 'Held', 'Grew by', 'Entries'],
    caches.map((cache) => [
      cache.name,
      bytes(cache.bytes),
      cache.grewBytes === null ? UNKNOWN : bytes(cache.grewBytes),
      count(cache.entries),
    ]),
  );
}

function triedOf({ actions }: Postmortem): HTMLElement {
  if (actions.length === 0) return note('Nothing: no action was due, or none was allowed.');
  return plainTable(
    'What was tried',
    ['Action', 'Outcome', 'Times'],
    actions.map(({ action, outcome, count: times }) => [action, outcome, count(times)]),
  );
}

function eventsOf({ events }: Postmortem): HTMLElement {
  return h(
    'ol',
    { class: 'events' },
    ...events
      .toReversed()
      .map(({ wallMs, severity, text }) =>
        h(
          'li',
          { 'data-severity': severity },
          time(wallMs, clock(wallMs)),
          h('span', { class: 'severity' }, severity.toLowerCase()),
          h('span', { class: 'event-text' }, text),
        ),
      ),
  );
}

function factsOf(death: Postmortem): HTMLElement {
  return facts([
    ['Found by', `${death.foundBy}, ${dateTime(death.foundMs)}`],
    ['Exit code', death.exitCode === null ? undefined : String(death.exitCode)],
    ['Signal', death.signal ?? undefined],
    ['Job', death.job ?? undefined],
    ['Stage', death.stage ?? undefined],
    ['Process id', death.pid === null ? undefined : String(death.pid)],
    ['Node.js', death.nodeVersion],
    ['Agent', death.agentVersion],
    ['Instance', h('code', {}, death.instance)],
    ['Recording', h('code', {}, death.recording)],
  ]);
}

function createTimeline(timeline: readonly TimelinePoint[]): Chart {
  const chart = createChart({
    title: 'Use against the limit, until the end',
    heightPixels: 240,
    unit: 'bytes',
    format: bytes,
    series: [
      { label: 'Use', color: '--accent', isFilled: true },
      { label: 'Limit', color: '--critical', isDashed: true },
      { label: 'RSS', color: '--stack-3' },
    ],
  });
  const first = timeline[0];
  const last = timeline.at(-1);
  chart.update({
    wallMs: timeline.map(({ wallMs }) => wallMs),
    values: [
      timeline.map(({ usageBytes }) => usageBytes),
      timeline.map(({ limitBytes }) => limitBytes),
      timeline.map(({ rssBytes }) => rssBytes),
    ],
    fromMs: first?.wallMs ?? 0,
    toMs: last?.wallMs ?? 0,
    summary: `Use from ${bytes(first?.usageBytes)} to ${useOf(last?.usageBytes, last?.limitBytes)} in the last ${duration(((last?.wallMs ?? 0) - (first?.wallMs ?? 0)) / 1000)}`,
  });
  return chart;
}
