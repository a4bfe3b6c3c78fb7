/** One cache of one process. */
import { EVICTION_REASONS } from '../../../model/cache.ts';
import type { ApiCache } from '../../api/types.ts';
import { capOf, hitRatio, sizeOf } from './caches-table.ts';
import { createChart } from './chart.ts';
import { facts, fill, h, link, memo, section } from './dom.ts';
import { bytes, count, percent } from './format.ts';
import { note } from './parts.ts';
import { nowOf, type State } from './state.ts';
import { processAddress, type View, type ViewParts } from './view.ts';
import { nameOf } from './words.ts';

const SPAN_MS = 10 * 60_000;

export function createCacheView(_: ViewParts, instance: string, name: string): View {
  const back = link(processAddress(instance), '← Its process');
  const about = h('div', {});
  const missing = note('No such cache now: it went, or is not among the largest any more.');
  const chart = createChart({
    title: 'What it holds, since this page was opened',
    heightPixels: 200,
    unit: 'bytes',
    format: bytes,
    series: [{ label: 'Holds', color: '--accent', isFilled: true }],
  });
  const history: { readonly wallMs: number; readonly bytes: number }[] = [];
  const content = h('div', {}, about, section('Over time', chart.element));

  const show = memo<ApiCache>(
    (cache) => fill(about, tableOf(cache)),
    (cache) => JSON.stringify(cache),
  );

  function update(now: State): void {
    const cache = now.caches.find((one) => one.instance === instance && one.name === name);
    const process = now.processes.get(instance);
    back.textContent = process === undefined ? '← All processes' : `← ${nameOf(process)}`;
    content.hidden = cache === undefined;
    missing.hidden = cache !== undefined || now.nowMs === 0;
    if (cache === undefined) return;
    show(cache);
    if (history.at(-1)?.wallMs !== now.nowMs) history.push({ wallMs: now.nowMs, bytes: cache.bytes });
    const toMs = nowOf(now);
    while ((history[0]?.wallMs ?? toMs) < toMs - SPAN_MS) history.shift();
    chart.update({
      wallMs: history.map(({ wallMs }) => wallMs),
      values: [history.map((point) => point.bytes)],
      fromMs: Math.min(history[0]?.wallMs ?? toMs, toMs - 60_000),
      toMs,
      summary: `Cache ${name} holds ${sizeOf(cache)}`,
    });
  }

  return {
    title: () => `cache ${name}`,
    element: h(
      'div',
      {},
      h('header', { class: 'head' }, back, h('h1', { tabindex: '-1' }, 'Cache ', h('code', {}, name))),
      missing,
      content,
    ),
    update,
    dispose: () => chart.dispose(),
  };
}

function tableOf(cache: ApiCache): HTMLElement {
  const evictions: Readonly<Record<string, number | null>> = cache.counts.evictions;
  const limit = [
    cache.limitEntries !== null && `${count(cache.limitEntries)} entries`,
    cache.limitBytes !== null && bytes(cache.limitBytes),
  ].filter((one) => one !== false);
  return h(
    'div',
    {},
    facts([
      ['Holds', `${sizeOf(cache)}${cache.sizeSource === 'sampled' ? ', estimated from a sample of its entries' : ''}`],
      ['Entries', count(cache.entries)],
      ['Limit', limit.length === 0 ? 'none: it grows as long as the application fills it' : limit.join(', ')],
      ['Cap under pressure', capOf(cache) ?? 'none now'],
      ['Hits', `${count(cache.counts.hit)} (${percent(hitRatio(cache))})`],
      ['Misses', count(cache.counts.miss)],
      ...EVICTION_REASONS.map((reason) => [`Evicted: ${reason}`, count(evictions[reason])] as const),
      ['Library', cache.library],
      ['Priority', `${cache.priority}${cache.priority === 'never' ? ': left alone' : ''}`],
      ['Found', cache.isDiscovered ? 'by the agent' : 'registered by the application'],
    ]),
  );
}
