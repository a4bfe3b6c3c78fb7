/** What a command is, and how it talks to the person or program that called it. `main.ts` joins them to yargs. */
import type { InferredOptionTypes } from 'yargs';

import type { Environment } from '../config/read.ts';
import { problem, type Problem } from '../model/problem.ts';

/** 0 ok, 1 found wanting, 2 wrong usage; `run` ends with its child's. */
export type ExitCode = number;

export interface Cli {
  readonly env: Environment;
  /** What stood after `--`, untouched. */
  readonly rest: readonly string[];
  /** Writes to stdout; a newline is added. */
  out(text: string): void;
  /** Writes one line to stderr. */
  note(line: string): void;
  /** stdout is a terminal: a person reads it now. */
  readonly isTerminal: boolean;
  /** stderr is one. */
  readonly isNoteTerminal: boolean;
  wallMs(): number;
}

/** The part of yargs' options that our commands use. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  readonly default?: boolean;
  /** `--dir` without a value is an error. */
  readonly requiresArg?: true;
  readonly demandOption?: true;
}

export type FlagTable = Readonly<Record<string, Flag>>;
export type Flags<T extends FlagTable> = InferredOptionTypes<T>;

export interface Command<T extends FlagTable = FlagTable> {
  /** What stands behind `plimsoll` in its help. */
  readonly usage: string;
  readonly flags: T;
  /** Names of those `flags` that are given by their place. */
  readonly positionals: readonly string[];
  readonly examples: readonly [command: string, meaning: string][];
  run(flags: Flags<T>, cli: Cli): Promise<ExitCode>;
}

/** Keeps the types of a command's flags. */
export function command<T extends FlagTable>(definition: Command<T>): Command<T> {
  return definition;
}

/** Ends a command: one line on stderr, then the exit code. */
export class CommandError extends Error {
  readonly problem: Problem;
  readonly exitCode: ExitCode;

  constructor(found: Problem, exitCode: ExitCode) {
    super(found.message);
    this.problem = found;
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(problem('PLM_USAGE', message), 2);
}
