/** Says level changes and deaths to who listens instead of looks: politely, and not each second. */
import type { LevelName } from '../../../model/level.ts';
import { h } from './dom.ts';
import { worstFirst } from './sentence.ts';
import type { State } from './state.ts';
import { CAUSE, nameOf } from './words.ts';

/** Changes of this time are said together. */
const GATHER_MS = 1500;
const MOST_SENTENCES = 3;

export function createAnnouncer() {
  const element = h('div', { role: 'status', 'aria-live': 'polite', class: 'visually-hidden', id: 'announcer' });
  const levels = new Map<string, LevelName | null>();
  const deaths = new Set<string>();
  let isFirst = true;
  let pending: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function say(): void {
    timer = undefined;
    const rest = pending.length - MOST_SENTENCES;
    element.textContent = [
      ...pending.slice(0, MOST_SENTENCES),
      ...(rest > 0 ? [`and ${rest} more changes.`] : []),
    ].join(' ');
    pending = [];
  }

  return {
    element,
    update(state: State) {
      if (state.nowMs === 0) return;
      for (const process of [...state.processes.values()].toSorted(worstFirst)) {
        const before = levels.get(process.instance);
        levels.set(process.instance, process.level);
        if (
          isFirst ||
          process.level === null ||
          before === process.level ||
          (before === undefined && process.level === 'normal')
        )
          continue;
        pending.push(`${nameOf(process)} is ${process.level} now.`);
      }
      for (const { instance, serviceName, process, cause } of state.postmortems) {
        if (deaths.has(instance)) continue;
        deaths.add(instance);
        if (!isFirst) pending.push(`${serviceName} ${process} ${CAUSE[cause]}.`);
      }
      isFirst = false;
      if (pending.length > 0) timer ??= setTimeout(say, GATHER_MS);
    },
  };
}
