/**
 * The command line: `plimsoll <command>`. Loads the one command that was asked for, lets yargs read its arguments, and
 * turns what it throws into one line and an exit code.
 */
import type { Argv } from 'yargs';

import { findAgent } from '../model/handle.ts';
import { problem, problemLine } from '../model/problem.ts';
import { VERSION } from '../model/version.ts';
import { CommandError, usageError, type Cli, type Command, type ExitCode } from './command.ts';

interface Entry {
  readonly describe: string;
  load(): Promise<Command>;
}

/** To add a command: a file beside this, and a line here. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    describe: 'Run a command with the agent preloaded; say what it died of',
    load: async () => (await import('./run.ts')).run,
  },
  sidecar: {
    describe: 'Watch every process that records to PLIMSOLL_DIR: export, answer, explain deaths',
    load: async () => (await import('./sidecar.ts')).sidecar,
  },
  status: {
    describe: 'Level, binding constraint, headroom and time to limit of every process',
    load: async () => (await import('./status.ts')).status,
  },
  doctor: {
    describe: 'What was found on this machine, whether the heap fits the container, and every repair',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  postmortem: {
    describe: 'How a process died, what it held, who grew, and how sure that is',
    load: async () => (await import('./postmortem.ts')).postmortem,
  },
  drill: {
    describe: 'Raise the level for a while, to see what the service does',
    load: async () => (await import('./drill.ts')).drill,
  },
  reclaim: {
    describe: 'Ask live processes to give memory back now',
    load: async () => (await import('./reclaim.ts')).reclaim,
  },
  replay: {
    describe: 'Run the classifier again over a recording',
    load: async () => (await import('./replay.ts')).replay,
  },
};

const EXAMPLES: readonly [command: string, meaning: string][] = [
  ['$0 run -- node app.js', 'the agent in front of a service'],
  ['$0 doctor --image-limit 512Mi', 'would the heap fit a container of 512 MiB?'],
  ['$0 status --watch', 'how close every process is to its death, each second'],
];

const PURPOSE = 'How close each Node.js process is to dying of memory, which ceiling will kill it, how long is left.';

async function main(words: readonly string[]): Promise<ExitCode> {
  const split = words.indexOf('--');
  const own = split === -1 ? words : words.slice(0, split);
  const rest = split === -1 ? [] : words.slice(split + 1);
  if (own.length === 1 && (own[0] === '--version' || own[0] === '-v')) {
    process.stdout.write(`${VERSION}\n`); // without loading yargs
    return 0;
  }
  if (own.length === 1 && own[0] === 'sidecar' && split === -1)
    return await (await import('./sidecar.ts')).watch(createCli([]));
  const asked = own.find((word) => !word.startsWith('-') && Object.hasOwn(COMMANDS, word));
  const parser = await createParser(asked);
  let exitCode: ExitCode = 0;
  for (const [name, entry] of Object.entries(COMMANDS)) {
    if (name !== asked) {
      parser.command(name, entry.describe);
      continue;
    }
    const chosen = await entry.load();
    const signature = [name, ...chosen.positionals.map((each) => `<${each}>`)].join(' ');
    const handle = async (flags: Parameters<Command['run']>[0]): Promise<void> => {
      if (rest.length > 0 && name !== 'run') throw usageError(`${name} takes nothing after --.`);
      exitCode = await chosen.run(flags, createCli(rest));
    };
    parser.command(signature, entry.describe, (builder) => withFlags(builder, chosen), handle);
  }
  if (asked === undefined) parser.example(EXAMPLES);
  await parser.parseAsync([...own]);
  return exitCode;
}

async function createParser(asked: string | undefined): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs()
    .scriptName('plimsoll')
    .usage(`$0 <command> [options]\n\n${PURPOSE}`)
    .detectLocale(false)
    .parserConfiguration({
      'duplicate-arguments-array': false,
      'boolean-negation': false,
      'dot-notation': false,
      'camel-case-expansion': false,
    })
    .exitProcess(false)
    .help('help', 'Show this help')
    .version(VERSION)
    .alias({ help: 'h', version: 'v' })
    .strict()
    .recommendCommands()
    .demandCommand(1, `name a command: ${Object.keys(COMMANDS).join(', ')}`)
    .wrap(process.stdout.isTTY ? Math.min(120, process.stdout.columns) : 100)
    .epilogue('Exit codes: 0 ok, 1 found wanting, 2 wrong usage.')
    .fail((message: string | null, error?: Error | null) => {
      throw error === undefined || error === null || error.name === 'YError'
        ? wrongUsage(message ?? error?.message ?? '', asked)
        : error;
    });
}

function wrongUsage(found: string, asked: string | undefined): CommandError {
  const sentence = /[.?!]$/.test(found) ? found : `${found}.`;
  return usageError(`${sentence} See plimsoll ${asked === undefined ? '' : `${asked} `}--help.`);
}

function withFlags(parser: Argv, { usage, flags, positionals, examples }: Command): Argv {
  for (const [name, flag] of Object.entries(flags)) {
    if (positionals.includes(name)) parser.positional(name, flag);
    else parser.option(name, flag);
  }
  return parser.usage(`$0 ${usage}`).example(examples);
}

function createCli(rest: readonly string[]): Cli {
  return {
    env: process.env,
    rest,
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    isTerminal: process.stdout.isTTY,
    isNoteTerminal: process.stderr.isTTY,
    wallMs: Date.now,
  };
}

/** NODE_OPTIONS may preload the agent into everything: it belongs into the child of `run`, never into the command line. */
void findAgent()?.stop();

/** Whoever read our output has gone (`| head`): nothing is wrong, and nobody is left to be told. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.stderr.on('error', () => undefined);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const told = error instanceof CommandError ? error : undefined;
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${problemLine(told?.problem ?? problem('PLM_CLI_FAILED', why))}\n`);
  process.exitCode = told?.exitCode ?? 1;
}
