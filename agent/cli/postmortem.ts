/** `plimsoll postmortem`: how a process died: as it was reported, or else worked out now from what it left behind. */
import { dirname } from 'node:path';

import { userDataDirectory } from '../config/data-directory.ts';
import { isDead } from '../is-dead.ts';
import type { Postmortem } from '../model/postmortem.ts';
import { problem } from '../model/problem.ts';
import {
  deathMs,
  gatherEvidence,
  investigate,
  listPostmortems,
  postmortemText,
  readPostmortem,
} from '../postmortem/index.ts';
import { readRing } from '../record/reader.ts';
import { command, CommandError, usageError, type Cli } from './command.ts';
import { environmentOf, optionFlags, readOptions } from './flags.ts';
import { recordingsIn, type Recording } from './recording.ts';

export const postmortem = command({
  usage: 'postmortem',
  flags: {
    ...optionFlags(['directory', 'dataDirectory']),
    instance: {
      type: 'string',
      requiresArg: true,
      describe: 'Of this process: its service.instance.id, or how that begins',
    },
    pid: { type: 'string', requiresArg: true, describe: 'Of the newest process that had this number' },
    file: { type: 'string', requiresArg: true, describe: 'Of this ring file or report' },
    json: { type: 'boolean', default: false, describe: 'The post-mortem as one JSON document' },
  },
  positionals: [],
  examples: [
    ['$0 postmortem', 'of the newest death'],
    ['$0 postmortem --file 20261121T231745123Z-9f86d081884c7d65.ring', 'from a recording that was copied here'],
  ],
  run: async (flags, cli) => {
    const { file, instance, pid, json } = flags;
    if ([file, instance, pid].filter((each) => each !== undefined).length > 1) {
      throw usageError('--file, --instance and --pid exclude each other; give one.');
    }
    if (pid !== undefined && !/^\d+$/.test(pid)) throw usageError(`--pid is ${JSON.stringify(pid)}, must be a number.`);
    const env = { ...cli.env, ...environmentOf(flags) };
    const options = await readOptions(env, ['directory', 'dataDirectory']);
    const dataDirectory = options.dataDirectory ?? userDataDirectory(cli.env, process.platform);
    const asked = { instance, pid: pid === undefined ? undefined : Number(pid) };
    const found =
      file === undefined ? await newest(options.directory, dataDirectory, asked, cli) : await fromFile(file, cli);
    cli.out(json ? JSON.stringify(found) : postmortemText(found).join('\n'));
    return 0;
  },
});

interface Asked {
  readonly instance: string | undefined;
  readonly pid: number | undefined;
}

async function newest(
  directory: string | undefined,
  dataDirectory: string,
  asked: Asked,
  cli: Cli,
): Promise<Postmortem> {
  const reported = listPostmortems(directory ?? dataDirectory, dataDirectory);
  const known = new Set(reported.map(({ instance }) => instance));
  const recordings = directory === undefined ? [] : recordingsIn(directory);
  const others = recordings.filter(({ header }) => !known.has(header.identity.serviceInstanceId));
  const wanted = others.filter(({ header }) => isAsked(asked, header.identity.serviceInstanceId, header.identity.pid));
  const unexplained = await Promise.all(wanted.map((each) => explained(each, cli)));
  const isExplicit = asked.instance !== undefined || asked.pid !== undefined;
  const [found] = [...reported.filter(({ instance, pid }) => isAsked(asked, instance, pid)), ...unexplained]
    .filter((each) => each !== undefined)
    // who ended well is no death that anybody looks for
    .filter(({ cause }) => isExplicit || cause !== 'exit')
    .toSorted((a, b) => deathMs(b) - deathMs(a));
  if (found !== undefined) return found;
  if (wanted.length > 0 && isExplicit) throw notDead(wanted[0]?.path ?? '');
  const where = directory === undefined ? `${dataDirectory} (PLIMSOLL_DIR is not set; name it with --dir)` : directory;
  throw new CommandError(problem('PLM_POSTMORTEM_MISSING', `no such death was found in ${where}.`), 1);
}

function isAsked(asked: Asked, instance: string, pid: number | null): boolean {
  if (asked.instance !== undefined) return instance.startsWith(asked.instance);
  return asked.pid === undefined || asked.pid === pid;
}

/** undefined: it lives, or cannot be read. */
async function explained(recording: Recording, cli: Cli): Promise<Postmortem | undefined> {
  const { path } = recording;
  const nowMs = cli.wallMs();
  if (!(await isDead(dirname(path), recording, nowMs))) return undefined;
  const read = readRing(path);
  if (!read.ok) return undefined;
  const { reading } = read;
  const evidence = gatherEvidence({ reading, directory: dirname(path), nowMs });
  const known = { path, reading, note: reading.note, foundMs: nowMs, evidence };
  return investigate({ ...known, foundBy: 'command', diedMs: undefined, ending: undefined });
}

async function fromFile(path: string, cli: Cli): Promise<Postmortem> {
  if (path.endsWith('.json')) {
    const report = readPostmortem(path);
    if (report !== undefined) return report;
    throw new CommandError(
      problem('PLM_POSTMORTEM_MISSING', `${path} is no post-mortem that this Plimsoll can read.`),
      1,
    );
  }
  const read = readRing(path);
  if (!read.ok) throw new CommandError(read.problem, 1);
  const record = read.reading.records.at(-1);
  const recording = { ...read.reading, record, path, startWallMs: read.reading.header.identity.startWallMs };
  const found = await explained(recording, cli);
  if (found === undefined) throw notDead(path);
  return found;
}

function notDead(path: string): CommandError {
  return new CommandError(
    problem(
      'PLM_POSTMORTEM_MISSING',
      `${path} is of a process that lives, or whose agent was switched off; plimsoll status shows it.`,
    ),
    1,
  );
}
