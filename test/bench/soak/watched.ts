/** One process under the soak: started, kept busy, read from outside and from inside. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Figures, Reading } from './figures.ts';
import type { Subject } from './subjects.ts';

/** A light load: an idle service would hide what each request costs, and a full one whatever else there is. */
const REQUEST_EVERY_MS = 50;
const NODE_OPTIONS = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
const SERVICE = fileURLToPath(new URL('service.cjs', import.meta.url));

export interface Watched {
  readonly subject: Subject;
  readonly readings: Reading[];
  read(atMs: number): Promise<void>;
  end(): void;
}

export async function watch(subject: Subject): Promise<Watched> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...subject.preload, SERVICE], {
    env: { PATH, HOME, PLIMSOLL_LISTEN: '127.0.0.1:0', ...subject.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${subject.name} ended: code ${child.exitCode}, signal ${child.signalCode}`);
    return value;
  };
  const load = keepBusy(Number(await nextLine()));
  const readings: Reading[] = [];
  return {
    subject,
    readings,
    async read(atMs) {
      const series = await subject.series(); // first: its connection is closed when descriptors are counted
      child.stdin.write('read\n');
      const inside = JSON.parse(await nextLine()) as Inside;
      readings.push({ atMs, figures: figuresOf(child.pid ?? 0, inside, series) });
    },
    end() {
      clearInterval(load);
      child.kill();
    },
  };
}

interface Inside {
  readonly heapBytes: number;
  readonly handles: number;
  readonly timers: number;
}

function keepBusy(port: number): NodeJS.Timeout {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return setInterval(() => {
    get({ port, host: '127.0.0.1', agent }, (response) => response.resume()).on('error', () => {}); // its end is told by its lines
  }, REQUEST_EVERY_MS);
}

function figuresOf(pid: number, inside: Inside, series: number): Figures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const numberOf = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    rssMegabytes: (numberOf('VmRSS') * 1024) / 1e6,
    anonymousMegabytes: (numberOf('RssAnon') * 1024) / 1e6,
    heapMegabytes: inside.heapBytes / 1e6,
    series,
    fileDescriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: numberOf('Threads'),
    handles: inside.handles,
    timers: inside.timers,
  };
}
