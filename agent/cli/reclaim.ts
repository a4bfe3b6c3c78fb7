/** `plimsoll reclaim`: asks live processes to give memory back now, and says what was measured. */
import { parseSizeBytes } from '../config/parse.ts';
import { problemLine } from '../model/problem.ts';
import type { ReclaimOutcome } from '../model/reclaim.ts';
import { command, usageError } from './command.ts';
import { environmentOf, optionFlags, readOptions } from './flags.ts';
import { askEach, SELECTION_FLAGS } from './reach.ts';
import { bytesText, durationText } from './text.ts';

/** Reclaimers have their time, and a collection of a large heap takes its own. */
const TIMEOUT_MS = 60_000;

export const reclaim = command({
  usage: 'reclaim',
  flags: {
    bytes: {
      type: 'string',
      requiresArg: true,
      describe: 'How much (100MiB); default: what the reclaim policy says at the level of the process',
    },
    ...SELECTION_FLAGS,
    ...optionFlags(['directory']),
    json: { type: 'boolean', default: false, describe: 'One JSON document' },
  },
  positionals: [],
  examples: [
    ['$0 reclaim --bytes 100MiB', 'of every process of the folder'],
    ['$0 reclaim --pid 1 --dir /var/run/plimsoll --json', 'of one, for a program'],
  ],
  run: async (flags, cli) => {
    const targetBytes = sizeOf(flags.bytes);
    const { directory } = await readOptions({ ...cli.env, ...environmentOf(flags) }, ['directory']);
    const asks = targetBytes === undefined ? {} : { targetBytes };
    const asked = await askEach(directory, flags, cli.wallMs(), (client) => client.ask('reclaim', asks, TIMEOUT_MS));
    if (flags.json) {
      const processes = asked.map(({ answer, problem, ...who }) => ({
        ...who,
        outcome: answer ?? null,
        problem: problem ?? null,
      }));
      cli.out(JSON.stringify({ processes }, undefined, 2));
    }
    for (const { serviceName, process: slot, pid, answer, problem } of asked) {
      if (problem !== undefined) cli.note(problemLine(problem));
      else if (!flags.json && answer !== undefined)
        cli.out(`${serviceName} ${slot} (pid ${pid})  ${outcomeText(answer)}`);
    }
    return asked.every(({ problem }) => problem === undefined) ? 0 : 1;
  },
});

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSizeBytes(text);
  if (bytes === undefined || bytes <= 0) {
    throw usageError(`--bytes is ${JSON.stringify(text)}, must be a size (100MiB, 1GiB).`);
  }
  return bytes;
}

function outcomeText({
  outcome,
  detail,
  targetBytes,
  promisedBytes,
  freedBytes,
  returnedBytes,
  shares,
  collectionMs,
}: ReclaimOutcome): string {
  const lines = [
    `${outcome}: ${detail}`,
    `  asked for ${bytesText(targetBytes)}, promised ${bytesText(promisedBytes)}, freed ${bytesText(freedBytes)}, of that ${bytesText(returnedBytes)} back with the kernel; collections took ${durationText(collectionMs / 1000)}`,
    ...shares.map(
      ({ name, promisedBytes: promised, freedBytes: freed, trouble }) =>
        `  ${name}: promised ${bytesText(promised)}, freed ${bytesText(freed)}${trouble === '' ? '' : `; ${trouble}`}`,
    ),
  ];
  return lines.join('\n');
}
