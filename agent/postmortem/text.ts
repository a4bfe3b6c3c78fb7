/** A post-mortem for people: `plimsoll postmortem`, the end of `plimsoll run`, one line of a log. Pure. */
import { deathText } from '../model/death-text.ts';
import type { CacheAtDeath, LastState, Postmortem } from '../model/postmortem.ts';
import { bytesText, durationText, ratioText } from '../model/quantity.ts';

const MOST_CACHES = 3;
const MOST_EVENTS = 6;

/** Short lines, without a prefix. */
export function postmortemText(postmortem: Postmortem): readonly string[] {
  const { because, last, caches, job, stage, actions, events, repair, recording } = postmortem;
  return [
    deathText(postmortem),
    lifeText(postmortem),
    ...because.map((sentence) => `because: ${sentence}`),
    ...(last === null ? [] : lastText(last)),
    ...caches.slice(0, MOST_CACHES).map(cacheText),
    ...(job === null && stage === null
      ? []
      : [`at work on: ${[job, stage].filter((name) => name !== null).join(', ')}`]),
    ...(actions.length === 0
      ? []
      : [`tried: ${actions.map((each) => `${each.action} ${each.outcome} ${each.count}×`).join(', ')}`]),
    ...events
      .filter(({ name }) => name !== 'plimsoll.agent.degraded')
      .slice(-MOST_EVENTS)
      .map(({ wallMs, text }) => `${timeText(wallMs)} ${text}`),
    ...(repair === null ? [] : [`repair: ${repair}`]),
    `recording: ${recording}`,
  ];
}

function lifeText({ startedMs, diedMs, last, pid, nodeVersion, exitCode, signal }: Postmortem): string {
  const endMs = diedMs ?? last?.wallMs;
  const when = endMs === undefined ? 'at an unknown time' : `${diedMs === null ? 'after ' : 'at '}${timeText(endMs)}`;
  const lived = endMs === undefined ? '' : `, after ${durationText(Math.max(0, endMs - startedMs) / 1000)}`;
  const how = signal ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
  return `died ${when}${lived}${how === undefined ? '' : `, ${how}`} (pid ${pid ?? 'unknown'}, Node.js ${nodeVersion})`;
}

function lastText(last: LastState): readonly string[] {
  const { ageSeconds, level, binding, pressureRatio, rssBytes, heapUsedBytes, externalBytes, constraints } = last;
  const when = ageSeconds === null ? 'last sample' : `last sample ${durationText(ageSeconds)} before the end`;
  const held = `RSS ${bytesText(rssBytes ?? Number.NaN)}, heap ${bytesText(heapUsedBytes ?? Number.NaN)}, external ${bytesText(externalBytes ?? Number.NaN)}`;
  const found = constraints.find(({ constraint }) => constraint === binding);
  if (found === undefined) return [`${when}: level ${level}; nothing limited the process; ${held}`];
  const { usageBytes, limitBytes, growthBytesPerSecond: growth } = found;
  const left = bytesText(Math.max(0, last.headroomBytes ?? limitBytes - usageBytes));
  return [
    `${when}: level ${level}, binding constraint ${binding} at ${ratioText(pressureRatio ?? Number.NaN)}`,
    `${binding}: ${bytesText(usageBytes)} used of ${bytesText(limitBytes)}, ${left} left, ${growth > 0 ? `growing ${bytesText(growth)}/s` : 'not growing'}; ${held}`,
  ];
}

function cacheText({ name, library, bytes, entries, grewBytes }: CacheAtDeath): string {
  const grew = grewBytes === null || grewBytes <= 0 ? '' : `, ${bytesText(grewBytes)} more than at the first record`;
  return `cache ${name}${library === '' ? '' : ` (${library})`}: ${bytesText(bytes)}, ${entries} entries${grew}`;
}

function timeText(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
