/** The live processes of a folder, asked one by one through their control sockets. */
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { connectControl, ControlError, type ControlClient } from '../control/client.ts';
import { socketPathOf } from '../control/path.ts';
import { problem, PROBLEMS, type Problem, type ProblemCode } from '../model/problem.ts';
import { CommandError, usageError, type FlagTable } from './command.ts';
import { isLive, recordingsIn, type Recording } from './recording.ts';

/** Which processes are meant; both undefined: all of them. */
export interface Selection {
  readonly instance: string | undefined;
  readonly pid: string | undefined;
}

export const SELECTION_FLAGS = {
  instance: {
    type: 'string',
    requiresArg: true,
    describe: 'The process of this service.instance.id; its beginning is enough',
  },
  pid: { type: 'string', requiresArg: true, describe: 'The processes of this id, as they see it themselves' },
} as const satisfies FlagTable;

export interface Asked<T> {
  readonly serviceName: string;
  readonly process: string;
  readonly pid: number;
  readonly instance: string;
  /** undefined: see `problem`. */
  readonly answer: T | undefined;
  readonly problem: Problem | undefined;
}

/** Of an answer that a blocked process gives when it is free again. */
const CONNECT_TIMEOUT_MS = 5000;

/** Each of them at the same time. PLM_NO_PROCESS when there is none. */
export async function askEach<T>(
  directory: string | undefined,
  selection: Selection,
  nowMs: number,
  ask: (client: ControlClient) => Promise<T>,
): Promise<readonly Asked<T>[]> {
  if (directory === undefined) {
    throw usageError('no folder is named; give --dir, or set PLIMSOLL_DIR, to the folder that the process records in.');
  }
  const pid = pidOf(selection.pid);
  const live = recordingsIn(directory).filter((recording) => isLive(recording, nowMs));
  const meant = live.filter(({ header }) => {
    const { serviceInstanceId } = header.identity;
    return (
      (pid ?? header.identity.pid) === header.identity.pid && serviceInstanceId.startsWith(selection.instance ?? '')
    );
  });
  if (meant.length === 0) {
    const message = `no live process ${live.length === 0 ? '' : 'of that name '}records in ${directory}; plimsoll status --dir ${directory} shows who does.`;
    throw new CommandError(problem('PLM_NO_PROCESS', message), 1);
  }
  return await Promise.all(meant.map((recording) => askOne(recording, ask)));
}

function pidOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw usageError(`--pid is ${JSON.stringify(text)}, must be a process id.`);
  return Number(text);
}

async function askOne<T>({ header, path }: Recording, ask: (client: ControlClient) => Promise<T>): Promise<Asked<T>> {
  const { serviceName, process: slot, pid } = header.identity;
  const instance = basename(path, '.ring');
  const who = { serviceName, process: slot, pid, instance };
  const socket = socketPathOf(dirname(path), instance, process.platform);
  try {
    const client = await connectControl(socket, { watch: false, timeoutMs: CONNECT_TIMEOUT_MS });
    try {
      return { ...who, answer: await ask(client), problem: undefined };
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { ...who, answer: undefined, problem: problemOf(error, socket) };
  }
}

function problemOf({ code, errno, message }: ControlError, socket: string): Problem {
  const known: ProblemCode = Object.hasOwn(PROBLEMS, code) ? (code as ProblemCode) : 'PLM_CONTROL_FAILED';
  return problem(known, `${message}; ${repairOf(errno, socket)}.`);
}

function repairOf(errno: string | undefined, socket: string): string {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return ownerOf(socket);
    case 'ENOENT':
      return 'its agent has no control socket: it is of an older version, started just now, or could not open one (degraded: control_failed)';
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'it has just ended, or is starting again';
    case 'ETIMEDOUT':
      return 'plimsoll status shows what it last recorded';
    case undefined:
    default:
      return 'nothing was done';
  }
}

/** Who may: its permissions are all the authentication there is. */
function ownerOf(socket: string): string {
  try {
    const { uid, gid, mode } = statSync(socket);
    const byGroup = (mode & 0o020) === 0 ? '' : `, or a member of group ${gid}`;
    return `it takes user ${uid}${byGroup}: run this as one of them (uid ${process.getuid?.() ?? '?'} may not)`;
  } catch {
    return 'its folder is closed to this user';
  }
}
