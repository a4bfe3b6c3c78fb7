/** Leads a program by its stdin, and knows when the next step may come. */
import { ask } from '../helpers/http-client.ts';
import type { OtlpReceiver, OtlpRequest } from '../helpers/otlp-receiver.ts';
import type { RunningNode } from '../helpers/run-node.ts';
import type { Cell } from './cells.ts';

export interface Lead {
  ready(): Promise<void>;
  /** Resolves when the program has done it. */
  command(word: string): Promise<void>;
  /** The application has exported its metrics once more. */
  nextExport(): Promise<void>;
  /** Plimsoll exports by itself. */
  apart(): Promise<void>;
  /** Plimsoll exports by the way of the cell, also after what came before. */
  inPlace(): Promise<void>;
  /** The application exports its metrics without ours. */
  withoutOurs(): Promise<void>;
  /** Requests so far. */
  received(): number;
  /** Of the application's Prometheus endpoint, where it has one. */
  scrape(): Promise<void>;
  scraped(): string | undefined;
}

interface Ports {
  readonly plimsoll: number;
  readonly theirs: number;
}

function isOurs({ path, bytes }: OtlpRequest): boolean {
  return path === '/v1/metrics' && /"name":"plimsoll\.pressure"/.test(String(bytes));
}

export function createLead(running: RunningNode, cell: Cell, receiver: OtlpReceiver, ports: Ports): Lead {
  let commands = 0;
  let text: string | undefined;

  /** In whatever comes from now on. */
  async function until(matches: (request: OtlpRequest) => boolean): Promise<void> {
    const earlier = new Set(receiver.requests);
    const ended = running.ended.then(({ report }) => Promise.reject(new Error(`the program ended early\n${report}`)));
    await Promise.race([receiver.until((request) => !earlier.has(request) && matches(request)), ended]);
  }

  async function untilScraped(port: number, pattern: RegExp): Promise<string> {
    // neither Plimsoll nor their exporter has a way to say it: ask until it is there
    for (let attempt = 0; attempt < 300; attempt++) {
      const reply = await ask({ port, path: '/metrics' }).catch(() => undefined);
      const body = reply?.status === 200 ? String(reply.body) : '';
      if (pattern.test(body)) return body;
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    throw new Error(`port ${port} never said ${String(pattern)}\n${running.stderr()}`);
  }

  return {
    async ready() {
      await running.until(/ready\n/);
    },
    async command(word) {
      commands += 1;
      running.child.stdin.write(`${word}\n`);
      await running.until(new RegExp(`(done \\w+\\n[^]*){${commands}}`));
    },
    async nextExport() {
      if (cell.theirs === 'otlp') await until(({ path }) => path === '/v1/metrics');
    },
    async apart() {
      if (cell.way === 'prometheus') await untilScraped(ports.plimsoll, /^plimsoll_pressure_ratio/m);
      else await until(isOurs);
    },
    async inPlace() {
      if (cell.way !== 'join') return await this.apart();
      if (cell.theirs === 'prometheus') await untilScraped(ports.theirs, /^plimsoll_pressure/m);
      else await until((request) => isOurs(request) && /"stringValue":"join"/.test(String(request.bytes)));
    },
    async withoutOurs() {
      await until((request) => request.path === '/v1/metrics' && !isOurs(request));
    },
    received: () => receiver.requests.length,
    async scrape() {
      if (cell.theirs === 'prometheus') text = await untilScraped(ports.theirs, /app_orders/);
    },
    scraped: () => text,
  };
}
