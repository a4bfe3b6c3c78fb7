/** Runs a cell: the program is led by its stdin, what it exports goes to a receiver of the test's own. */
import { appIn } from '../../scripts/install-apps.ts';
import { startOtlpReceiver, type OtlpRequest } from '../helpers/otlp-receiver.ts';
import { freePort } from '../helpers/prometheus.ts';
import { startNode, type RunResult } from '../helpers/run-node.ts';
import { invocationOf, type Cell } from './cells.ts';
import { createLead, type Lead } from './lead.ts';

export interface CellRun {
  readonly requests: readonly OtlpRequest[];
  /** Of the application's own Prometheus endpoint, where it has one. */
  readonly scrape: string | undefined;
  readonly result: RunResult;
}

const TIMEOUT_MS = 60_000;
/** ms between two exports of the application. */
const EXPORT_INTERVAL_MS = 250;
/** Of the process: the service has 80 to 140 MB before it grows by 300 MiB. */
const BUDGET = '360MiB';

export interface StartedCell {
  readonly lead: Lead;
  /** Tells the program to end, and waits for it. */
  end(): Promise<CellRun>;
  kill(): Promise<void>;
}

export async function startCell(cell: Cell, withPlimsoll: boolean): Promise<StartedCell> {
  const { folder } = appIn(cell.app);
  const receiver = await startOtlpReceiver();
  const ports = { plimsoll: await freePort(), theirs: await freePort() };
  const { args, env } = invocationOf(cell, withPlimsoll);
  const running = startNode({
    preload: 'none',
    args,
    cwd: folder,
    timeoutMs: TIMEOUT_MS,
    env: {
      APP_FOLDER: folder,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
      OTEL_METRIC_EXPORT_TIMEOUT: String(EXPORT_INTERVAL_MS),
      PLIMSOLL_PROCESS_BUDGET: BUDGET,
      PLIMSOLL_LISTEN: `127.0.0.1:${ports.plimsoll}`,
      ...(cell.theirs === 'prometheus' ? { APP_PROMETHEUS_PORT: String(ports.theirs) } : {}),
      ...env,
    },
  });
  const lead = createLead(running, cell, receiver, ports);
  return {
    lead,
    async end() {
      await lead.command('end');
      const result = await running.ended;
      await receiver.close();
      return { requests: receiver.requests, scrape: lead.scraped(), result };
    },
    async kill() {
      running.child.kill('SIGKILL');
      await running.ended;
      await receiver.close();
    },
  };
}

export async function runCell(cell: Cell, withPlimsoll: boolean): Promise<CellRun> {
  const { lead, end, kill } = await startCell(cell, withPlimsoll);
  try {
    await (withPlimsoll ? leadWith(lead, cell) : leadWithout(lead, cell));
    return await end();
  } catch (error) {
    await kill();
    throw error;
  }
}

/**
 * The steps of both runs. Nothing is done before the first export, since an exporter loads node:http then, which is when instrumentations
 * patch it. The last work is done above normal.
 */
async function leadWithout(lead: Lead, cell: Cell): Promise<void> {
  await lead.ready();
  if (cell.order === 'SDK late') await lead.command('start');
  await lead.nextExport();
  await lead.command('work');
  if (cell.order === 'registered anew') {
    await lead.command('restart');
    await lead.command('work');
  }
  await finish(lead);
}

async function leadWith(lead: Lead, cell: Cell): Promise<void> {
  await lead.ready();
  if (cell.order === 'SDK late') {
    await lead.apart();
    await lead.command('start');
  }
  await lead.nextExport();
  await lead.inPlace();
  await lead.command('work');
  if (cell.order === 'registered anew') {
    await lead.command('restart');
    await lead.inPlace();
    await lead.command('work');
  }
  await finish(lead);
}

async function finish(lead: Lead): Promise<void> {
  await lead.command('grow');
  await lead.command('work');
  await lead.scrape();
}
