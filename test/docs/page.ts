/**
 * The pages of docs/setup are programs: a test takes a page apart and does what it says, so that the page and the product cannot
 * drift. What a fenced block is for stands in its info string, after the language:
 *
 *     ```js app.js         a file of this name (the second word is its path)
 *     ```sh run            a command, by its name; one word without a dot
 *     ```text run          what that command shows: each of these lines appears, in this order; `…` stands for anything within a line
 *
 * Blocks with no second word are for the reader only. A test:
 *
 *     const page = readPage('docs/setup/cluster.md');
 *     test(page.title, { skip: whyNotTyped() || app.skip }, async (context) => {
 *       const desk = await openDesk(page, { folder: app.folder, ports: [3000, 19464] });   // default folder: a temporary one
 *       context.after(desk.close);
 *       const service = desk.start('run');                     // a RunningNode: until(), child, ended
 *       await service.until(/ready/);
 *       await desk.untilShown('scrape');                       // or desk.shows('scrape', stdout)
 *       service.child.kill();
 *     });
 *
 * The desk is a folder with the page's files and `plimsoll` as npm would install it. Each port named in `ports` is replaced by a free one
 * in files, commands and expected texts, and Plimsoll listens at the one for 19464 if that is named.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../helpers/prometheus.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEFAULT_PORT = 19_464;

export interface Page {
  /** Its first heading. */
  readonly title: string;
  readonly blocks: readonly Block[];
}

interface Block {
  readonly language: string;
  /** A file's path, or a command's name. */
  readonly name: string;
  readonly text: string;
}

export interface DeskOptions {
  /** With node_modules; the desk becomes a folder inside it. */
  readonly folder?: string;
  /** As the page names them; a number of the test's own instead of a free one: `{ 4318: receiverPort }`. */
  readonly ports?: readonly number[] | Readonly<Record<number, number>>;
  /** Added to the environment of each command. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Desk {
  readonly folder: string;
  /** The port that stands for this one. */
  port(named: number): number;
  /** Types the command of this name. */
  start(command: string, timeoutMs?: number): RunningNode;
  /** Asserts that the output is what the text block of this name says. */
  shows(name: string, output: string): void;
  /** Types the command again each half second until it shows what the text block of this name says; fails with its last output. */
  untilShown(command: string, withinMs?: number): Promise<void>;
  /** Ends what was started and is still running, and takes the folder away. */
  close(): Promise<void>;
}

export function readPage(path: string): Page {
  const text = readFileSync(resolve(ROOT, path), 'utf8');
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path;
  const fences = text.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms);
  return {
    title,
    blocks: [...fences].map(([, language = '', name = '', block = '']) => ({ language, name, text: block })),
  };
}

/** Why commands cannot be typed here, or false. */
export function whyNotTyped(): false | string {
  if (process.platform === 'win32') return 'the commands of the pages are for a POSIX shell';
  return spawnSync('curl', ['--version']).error === undefined ? false : 'curl is not installed';
}

export async function openDesk(page: Page, options: DeskOptions = {}): Promise<Desk> {
  const ports = await choosePorts(options.ports ?? []);
  const parent = options.folder ?? tmpdir();
  const folder = mkdtempSync(join(parent, 'plimsoll-page-'));
  for (const { name, text } of page.blocks.filter(isFile)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), withPorts(text, ports));
  }
  linkPlimsoll(folder);
  const bins = [folder, parent].map((place) => join(place, 'node_modules/.bin'));
  const env = {
    // the Node.js of the test, even where the machine has another
    PATH: [...bins, dirname(process.execPath), process.env['PATH']].join(delimiter),
    PLIMSOLL_LISTEN: ports.has(DEFAULT_PORT) ? `127.0.0.1:${ports.get(DEFAULT_PORT)}` : '127.0.0.1:0',
    ...options.env,
  };

  const started: RunningNode[] = [];

  function block(name: string, isWanted: (candidate: Block) => boolean): string {
    const found = page.blocks.find((candidate) => candidate.name === name && isWanted(candidate));
    assert.ok(found, `"${page.title}" has no block of the name ${name}`);
    return withPorts(found.text, ports);
  }

  function start(command: string, timeoutMs = 60_000): RunningNode {
    const text = givingWay(block(command, isCommand));
    const running = startNode({ node: '/bin/sh', preload: 'none', args: ['-ec', text], cwd: folder, env, timeoutMs });
    started.push(running);
    return running;
  }

  function shows(name: string, output: string): void {
    const isText = ({ language }: Block): boolean => language === 'text';
    assertShows(output, block(name, isText));
  }

  async function untilShown(command: string, withinMs = 30_000): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const running = start(command);
      running.child.stdin.end();
      const { stdout } = await running.ended;
      try {
        return shows(command, stdout);
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
      }
      await delay(500);
    }
  }

  return {
    folder,
    port: (named) => ports.get(named) ?? named,
    start,
    shows,
    untilShown,
    async close() {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each line of `expected` appears in `output`, in this order; `…` stands for anything. */
export function assertShows(output: string, expected: string): void {
  const lines = expected.split('\n').filter((line) => line.trim() !== '');
  let rest = output.split('\n');
  for (const line of lines) {
    const pattern = new RegExp(
      `^${line
        .split('…')
        .map((part) => escape(part))
        .join('.*')}$`,
    );
    const index = rest.findIndex((candidate) => pattern.test(candidate.trimEnd()));
    assert.ok(index >= 0, `the page promises\n${line}\nthe output is\n${output}`);
    rest = rest.slice(index + 1);
  }
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function isFile({ language, name }: Block): boolean {
  return name.includes('.') && language !== 'text';
}

function isCommand({ language, name }: Block): boolean {
  return language === 'sh' && !name.includes('.');
}

/** The shell gives its place to the last command, so that signals reach that; not to one that is made of several. */
function givingWay(commands: string): string {
  const lines = commands.trimEnd().split(/(?<!\\)\n/);
  const last = lines.pop() ?? '';
  return [...lines, /[|&;<>]/.test(last) ? last : `exec env ${last}`].join('\n');
}

async function choosePorts(wanted: NonNullable<DeskOptions['ports']>): Promise<ReadonlyMap<number, number>> {
  if (!isList(wanted)) return new Map(Object.entries(wanted).map(([named, port]) => [Number(named), port]));
  const chosen = new Map<number, number>();
  for (const named of wanted) chosen.set(named, await freePort());
  return chosen;
}

function isList(ports: NonNullable<DeskOptions['ports']>): ports is readonly number[] {
  return Array.isArray(ports);
}

function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replaceAll(/\b\d{2,5}\b/g, (digits) => String(ports.get(Number(digits)) ?? digits));
}

/** What `npm install plimsoll` would do. */
function linkPlimsoll(folder: string): void {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules/plimsoll'));
  const command = `#!/bin/sh\nexec node '${join(ROOT, 'dist/cli.mjs')}' "$@"\n`;
  writeFileSync(join(folder, 'node_modules/.bin/plimsoll'), command, { mode: 0o755 });
}
