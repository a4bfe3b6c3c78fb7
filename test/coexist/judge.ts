/** A cell's two runs, and what is said of them. */
import { appIn } from '../../scripts/install-apps.ts';
import type { Cell } from './cells.ts';
import { differences, SIGNALS, toldBy, type Ours, type Signal } from './compare.ts';
import { scrapeLines } from './compare-scrape.ts';
import { runCell, type CellRun } from './run.ts';

export interface Judgement {
  readonly cell: Cell;
  /** Of theirs, without Plimsoll and with it. */
  readonly differences: Readonly<Record<Signal, readonly string[]>>;
  /** What is wrong with ours; empty: it is as it has to be. */
  readonly faults: readonly string[];
  /** In a few words. */
  readonly ours: string;
}

const CRITICAL_EVENTS = new Set(['plimsoll.pressure.changed', 'plimsoll.action.finished', 'plimsoll.capture.written']);

/** `plimsoll.pressure`, container, heap, agent, process: the smallest set of any machine is larger than this. */
const LEAST_METRICS = 20;

export async function judge(cell: Cell): Promise<Judgement> {
  const { skip } = appIn(cell.app);
  if (skip !== false) throw new Error(`${cell.app} is ${skip}`);
  const [without, withPlimsoll] = await Promise.all([runCell(cell, false), runCell(cell, true)]);
  const before = toldBy(without.requests);
  const after = toldBy(withPlimsoll.requests);
  const differing = Object.fromEntries(
    SIGNALS.map((signal) => [signal, differences(before.theirs[signal], after.theirs[signal])]),
  ) as Record<Signal, string[]>;
  const scraped = [scrapeLines(without.scrape), scrapeLines(withPlimsoll.scrape)] as const;
  differing.metrics.push(...differences(scraped[0].theirs, scraped[1].theirs));
  const faults = [...endFaults(without, withPlimsoll), ...oursFaults(cell, after.ours, scraped[1].ours)];
  return { cell, differences: differing, faults, ours: inWords(after.ours, scraped[1].ours) };
}

/** Both runs end well and say the same on stderr, but for the lines that Plimsoll is there to say. */
function endFaults(without: CellRun, withPlimsoll: CellRun): string[] {
  const [before, after] = [saidBy(without), saidBy(withPlimsoll)];
  const isSame = without.result.code === 0 && withPlimsoll.result.code === 0 && before === after;
  return isSame ? [] : [`it ended or spoke otherwise:\n${without.result.report}\n${withPlimsoll.result.report}`];
}

function saidBy({ result }: CellRun): string {
  return result.stderr
    .replaceAll(/^\[plimsoll\] (?:pressure critical|report written to) .*\n/gm, '')
    .replaceAll(/^\(node:\d+\)/gm, '(node)');
}

function oursFaults(cell: Cell, ours: Ours, scraped: readonly string[]): string[] {
  const faults: string[] = [];
  const expect = (isMet: boolean, fault: string): void => {
    if (!isMet) faults.push(fault);
  };
  const hasMetrics = cell.theirs === 'otlp' && cell.way !== 'prometheus';
  expect(
    hasMetrics ? ours.metrics.size > LEAST_METRICS : ours.metrics.size === 0,
    `${ours.metrics.size} metrics of ours`,
  );
  expect(cell.theirs === 'otlp' || scraped.length > LEAST_METRICS, `${scraped.length} series of ours in their scrape`);
  const exporter = ours.exporters.at(-1) ?? '';
  expect(exporter === (hasMetrics ? cell.way : ''), `plimsoll.agent.info says exporter ${exporter}`);
  expect(ours.unmarkedSpans > 0, 'no span without a level');
  const events = ours.events.join();
  if (cell.way === 'join') {
    expect(ours.twice.length === 0, `metrics of theirs and ours: ${ours.twice.join()}`);
    expect(
      ours.levels.length > 0 && ours.levels.every((level) => level === 3),
      `levels on spans: ${ours.levels.join()}`,
    );
    // what this machine lacks is told once, where it lacks something
    const apart = ours.events.filter((name) => name !== 'plimsoll.agent.degraded');
    expect(apart.filter((name) => name === 'plimsoll.pressure.changed').length === 1, `events: ${events}`);
    // at critical something is done about it
    expect(
      apart.every((name) => CRITICAL_EVENTS.has(name)),
      `events: ${events}`,
    );
  } else {
    expect(ours.levels.length === 0, `levels on spans: ${ours.levels.join()}`);
    expect(cell.way === 'otlp' || events === '', `events: ${events}`);
  }
  return faults;
}

function inWords({ metrics, levels, events }: Ours, scraped: readonly string[]): string {
  const parts = [
    metrics.size > 0 ? `${metrics.size} metrics` : '',
    scraped.length > 0 ? `${scraped.length} series` : '',
    levels.length > 0 ? `${levels.length} spans` : '',
    events.length > 0 ? `${events.length} log` : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'none';
}
