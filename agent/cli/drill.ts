/** `plimsoll drill`: raises the level of live processes for a while, to see what they do. */
import { parseDurationMs } from '../config/parse.ts';
import { LEVELS, type LevelName } from '../model/level.ts';
import { problemLine } from '../model/problem.ts';
import { command, usageError } from './command.ts';
import { environmentOf, optionFlags, readOptions } from './flags.ts';
import { askEach, SELECTION_FLAGS } from './reach.ts';
import { durationText, jsonTime } from './text.ts';

/** As the agent itself allows. */
const MAX_MS = 600_000;
const DEFAULT_MS = 30_000;

export const drill = command({
  usage: 'drill',
  flags: {
    level: {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'elevated, high or critical; normal ends a drill',
    },
    for: { type: 'string', requiresArg: true, describe: 'How long, at most 10 m (30s, 5m); default 30s' },
    ...SELECTION_FLAGS,
    ...optionFlags(['directory']),
    json: { type: 'boolean', default: false, describe: 'One JSON document' },
  },
  positionals: [],
  examples: [
    ['$0 drill --level high --for 30s', 'does the service give memory back, and does the alert fire?'],
    ['$0 drill --level normal', 'enough'],
  ],
  run: async (flags, cli) => {
    const level = levelOf(flags.level);
    const forMs = durationOf(flags.for);
    const { directory } = await readOptions({ ...cli.env, ...environmentOf(flags) }, ['directory']);
    const asked = await askEach(directory, flags, cli.wallMs(), (client) => client.ask('drill', { level, forMs }));
    if (flags.json) {
      const processes = asked.map(({ answer, problem, ...who }) => ({
        ...who,
        until: answer === undefined || level === 'normal' ? null : jsonTime(answer.untilWallMs),
        problem: problem ?? null,
      }));
      cli.out(JSON.stringify({ level, forSeconds: level === 'normal' ? 0 : forMs / 1000, processes }, undefined, 2));
    }
    for (const { serviceName, process: slot, pid, answer, problem } of asked) {
      const who = `${serviceName} ${slot} (pid ${pid})`;
      if (problem !== undefined) cli.note(problemLine(problem));
      else if (flags.json || answer === undefined) continue;
      else if (level === 'normal') cli.out(`${who}  no drill`);
      else
        cli.out(
          `${who}  drill: ${level} for ${durationText(forMs / 1000)}, until ${jsonTime(answer.untilWallMs) ?? '–'}`,
        );
    }
    return asked.every(({ problem }) => problem === undefined) ? 0 : 1;
  },
});

function levelOf(text: string): LevelName {
  const level = LEVELS.find((name) => name === text);
  if (level === undefined) throw usageError(`--level is ${JSON.stringify(text)}, must be one of ${LEVELS.join(', ')}.`);
  return level;
}

function durationOf(text: string | undefined): number {
  const ms = text === undefined ? DEFAULT_MS : parseDurationMs(text);
  if (ms === undefined || !(ms > 0 && ms <= MAX_MS)) {
    throw usageError(`--for is ${JSON.stringify(text)}, must be a duration up to 10 minutes (500ms, 30s, 10m).`);
  }
  return ms;
}
