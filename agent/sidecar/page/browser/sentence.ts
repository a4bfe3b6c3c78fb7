/** What is dying, why, how long, who holds it: one sentence. */
import type { ApiCache, ApiProcess } from '../../api/types.ts';
import { ago, bytes, duration, percent, plural, rate, useOf } from './format.ts';
import { LIMIT_OF, nameOf, rankOf } from './words.ts';

/** `name`: given by the application, shown as such. */
export interface Part {
  readonly text: string;
  readonly kind?: 'strong' | 'name';
}

/** Calm, and yet worth a sentence: the limit would be reached within this time. */
const SOON_SECONDS = 600;
/** Less of its use than this, and a cache is not who holds it. */
const HOLDER_RATIO = 0.1;
/** Slower than this over a limit is noise. */
const GROWING_BYTES_PER_SECOND = 16 * 1024;

/** Worst first: level, then blocked ones, then pressure in steps that a second's noise does not cross. */
export function worstFirst(a: ApiProcess, b: ApiProcess): number {
  return (
    Number(a.state === 'ended') - Number(b.state === 'ended') ||
    rankOf(b.level) - rankOf(a.level) ||
    Number(b.state === 'blocked') - Number(a.state === 'blocked') ||
    Math.round((b.pressureRatio ?? 0) * 20) - Math.round((a.pressureRatio ?? 0) * 20) ||
    nameOf(a).localeCompare(nameOf(b)) ||
    a.instance.localeCompare(b.instance)
  );
}

export function isCalm(process: ApiProcess): boolean {
  return (
    process.state === 'live' &&
    rankOf(process.level) <= 0 &&
    (process.timeToLimitSeconds === null || process.timeToLimitSeconds > SOON_SECONDS)
  );
}

/** Of all processes. `processes`: worst first. */
export function verdictOfAll(
  processes: readonly ApiProcess[],
  caches: readonly ApiCache[],
  nowMs: number,
): readonly Part[] {
  const running = processes.filter(({ state }) => state !== 'ended');
  const [worst] = running;
  if (worst === undefined) {
    const [last] = processes;
    return [{ text: last === undefined ? 'No process yet.' : `No process is running. ${nameOf(last)} ended last.` }];
  }
  if (!isCalm(worst)) return verdictOf(worst, caches, nowMs);
  const calm = running.length === 1 ? `${nameOf(worst)} is calm` : `All ${running.length} processes are calm`;
  return [
    { text: calm, kind: 'strong' },
    { text: `. ${running.length === 1 ? '' : 'Fullest: '}${atRest(worst, running.length > 1)}` },
  ];
}

/** Of one. */
export function verdictOf(process: ApiProcess, caches: readonly ApiCache[], nowMs: number): readonly Part[] {
  const name = nameOf(process);
  if (process.state === 'ended')
    return [{ text: `${name} ended` }, { text: `; its last numbers: ${atRest(process, false)}` }];
  if (process.level === null || process.binding === null || process.pressureRatio === null)
    return [{ text: `${name} has just started: no constraint is known yet.` }];
  const drill = process.isDrill ? [{ text: 'Drill: ', kind: 'strong' as const }] : [];
  const blocked: readonly Part[] =
    process.state === 'blocked' && process.blockedSinceMs !== null
      ? [
          { text: `${name} is blocked`, kind: 'strong' },
          {
            text: `: its event loop has not run for ${duration((nowMs - process.blockedSinceMs) / 1000)}. At its last sample it `,
          },
        ]
      : [];
  if (isCalm(process))
    return [...drill, { text: `${name} is calm`, kind: 'strong' }, { text: `: ${atRest(process, false)}` }];
  return [
    ...drill,
    ...blocked,
    ...limitParts(process, blocked.length > 0),
    ...holderParts(process, caches),
    { text: '.' },
  ];
}

function limitParts(process: ApiProcess, isContinued: boolean): readonly Part[] {
  const { binding, timeToLimitSeconds, pressureRatio } = process;
  if (binding === null) return [];
  const subject = isContinued ? '' : `${nameOf(process)} `;
  const state = process.constraints.find(({ constraint }) => constraint === binding);
  const limit = LIMIT_OF[binding];
  const growth = state?.growthBytesPerSecond ?? null;
  const isGrowing = growth !== null && growth >= GROWING_BYTES_PER_SECOND;
  const numbers = [useOf(state?.usageBytes, state?.limitBytes), isGrowing ? `growing ${rate(growth)}` : 'not growing'];
  const head: readonly Part[] =
    timeToLimitSeconds !== null && timeToLimitSeconds <= SOON_SECONDS
      ? [
          { text: `${subject}${isContinued ? 'was going to' : 'will'} reach ${limit} ` },
          { text: `in about ${duration(timeToLimitSeconds)}`, kind: 'strong' },
        ]
      : [
          { text: `${subject}${isContinued ? 'was' : 'is'} at ` },
          { text: percent(pressureRatio), kind: 'strong' },
          { text: ` of ${limit.replace('the end of ', '')}` },
        ];
  return [...head, { text: `: ${numbers.join(', ')}` }];
}

function holderParts(process: ApiProcess, caches: readonly ApiCache[]): readonly Part[] {
  const used = process.rssBytes ?? 0;
  const [largest] = caches
    .filter(({ instance }) => instance === process.instance)
    .toSorted((a, b) => b.bytes - a.bytes);
  const work: readonly Part[] =
    process.stage === null ? [] : [{ text: '; in stage ' }, { text: process.stage, kind: 'name' }];
  if (largest !== undefined && largest.bytes >= used * HOLDER_RATIO)
    return [
      ...work,
      { text: '; cache ' },
      { text: largest.name, kind: 'name' },
      { text: ` holds ${bytes(largest.bytes)}` },
    ];
  const heap = process.heapUsedBytes ?? 0;
  const external = process.externalBytes ?? 0;
  if (Math.max(heap, external) < used * HOLDER_RATIO) return work;
  const holder =
    heap >= external
      ? `the heap holds ${bytes(heap)}`
      : `memory outside of the heap (Buffers) holds ${bytes(external)}`;
  return [...work, { text: `; ${holder}` }];
}

function atRest(process: ApiProcess, isNamed: boolean): string {
  const { binding, pressureRatio, headroomBytes } = process;
  if (binding === null) return 'no limit is known';
  const of = LIMIT_OF[binding].replace('the end of ', '');
  return `${isNamed ? `${nameOf(process)}, ` : ''}${percent(pressureRatio)} of ${of}, ${bytes(headroomBytes)} left.`;
}

export function plainText(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('');
}

/** For the title of the window and for the announcement of a change. */
export function processState(process: ApiProcess, nowMs: number): string {
  if (process.state === 'ended') return process.sampleMs === null ? 'ended' : `ended ${ago(process.sampleMs, nowMs)}`;
  if (process.state === 'blocked') return 'blocked';
  return process.level ?? 'starting';
}

export function howMany(processes: readonly ApiProcess[]): string {
  const running = processes.filter(({ state }) => state !== 'ended').length;
  const ended = processes.length - running;
  return `${plural(running, 'process', 'processes')}${ended > 0 ? `, ${ended} ended` : ''}`;
}
