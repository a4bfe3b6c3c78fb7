/** `plimsoll replay FILE`: what the classifier says about a recording, with this policy or another. */
import { classify, describeReason, type Verdict } from '../classify/index.ts';
import { createPolicy } from '../config/presets.ts';
import { CONFIG_FILE_ENV } from '../config/options.ts';
import { LEVELS, levelName, type LevelName } from '../model/level.ts';
import type { Policy } from '../model/policy.ts';
import { readRing, type RingReading } from '../record/reader.ts';
import { command, CommandError, usageError } from './command.ts';
import { ALL_OPTIONS, readOptions } from './flags.ts';
import { reading } from './recording.ts';
import { durationText, jsonTime, levelText, ratioText } from './text.ts';

export const replay = command({
  usage: 'replay <file>',
  flags: {
    file: { type: 'string', demandOption: true, describe: 'A .ring file' },
    config: {
      type: 'string',
      requiresArg: true,
      describe:
        'Configuration file (YAML or JSON) with the policy to try; default: the policy the recording was made with',
    },
    json: { type: 'boolean', default: false, describe: 'One JSON document' },
  },
  positionals: ['file'],
  examples: [
    ['$0 replay 20261121T231745123Z-9f86d081884c7d65.ring', 'the level changes of a recording'],
    ['$0 replay FILE --config plimsoll.yaml', 'what other thresholds would have said'],
  ],
  run: async (flags, cli) => {
    const read = readRing(flags.file);
    if (!read.ok) throw new CommandError(read.problem, 1);
    const policy = flags.config === undefined ? storedPolicy(read.reading) : await policyOf(flags.config);
    const outcome = replayed(read.reading, policy);
    const source = flags.config ?? 'the recording';
    cli.out(
      flags.json
        ? JSON.stringify(outcomeJson(flags.file, source, read.reading, policy, outcome), undefined, 2)
        : outcomeText(source, read.reading, outcome),
    );
    return 0;
  },
});

function storedPolicy({ header }: RingReading): Policy {
  if (header.policy === undefined) throw usageError('the recording does not say its policy; name one with --config.');
  return header.policy;
}

async function policyOf(configFile: string): Promise<Policy> {
  return createPolicy(await readOptions({ [CONFIG_FILE_ENV]: configFile }, ALL_OPTIONS));
}

type SecondsByLevel = Readonly<Record<LevelName, number>>;

interface Change {
  readonly wallMs: number | undefined;
  readonly sequence: number;
  readonly from: LevelName;
  readonly to: LevelName;
  readonly pressureRatio: number;
  readonly reasons: readonly string[];
}

export interface Outcome {
  readonly changes: readonly Change[];
  /** Samples whose replayed level is the recorded one ÷ samples with a recorded level; undefined: there is none. */
  readonly agreementRatio: number | undefined;
  /** Samples whose recorded level a drill has raised. */
  readonly drilled: number;
  readonly secondsRecorded: SecondsByLevel;
  readonly secondsReplayed: SecondsByLevel;
}

/** The same policy gives the same levels, but where the recording begins in the middle: what was before is not known. */
export function replayed({ records }: Pick<RingReading, 'records'>, policy: Policy): Outcome {
  const changes: Change[] = [];
  const secondsRecorded = Object.fromEntries(LEVELS.map((name) => [name, 0])) as Record<LevelName, number>;
  const secondsReplayed = { ...secondsRecorded };
  let compared = 0;
  let agreed = 0;
  let drilled = 0;
  let verdict: Verdict | undefined;
  for (const [index, { row, sequence }] of records.entries()) {
    const before = verdict?.assessment.level ?? 0;
    verdict = classify(row, policy, verdict);
    const { level, pressureRatio, reasons } = verdict.assessment;
    const recorded = reading(row, 'level');
    if (recorded !== undefined) compared += 1;
    // levels are judged without it
    const drill = reading(row, 'drillLevel') ?? 0;
    if (drill > level) drilled += 1;
    if (recorded === Math.max(level, drill)) agreed += 1;
    if (level !== before) {
      const wallMs = reading(row, 'wallMs');
      changes.push({
        wallMs,
        sequence,
        from: levelName(before),
        to: levelName(level),
        pressureRatio,
        reasons: reasons.map(describeReason),
      });
    }
    const next = records[index + 1];
    const seconds =
      next === undefined ? 0 : ((reading(next.row, 'monotonicMs') ?? 0) - (reading(row, 'monotonicMs') ?? 0)) / 1000;
    const recordedName = LEVELS[recorded ?? -1];
    secondsReplayed[levelName(level)] += seconds;
    if (recordedName !== undefined) secondsRecorded[recordedName] += seconds;
  }
  const agreementRatio = compared === 0 ? undefined : agreed / compared;
  return { changes, agreementRatio, drilled, secondsRecorded, secondsReplayed };
}

function outcomeJson(
  file: string,
  source: string,
  { header, records, end, missing, rejected }: RingReading,
  policy: Policy,
  outcome: Outcome,
) {
  const { serviceName, serviceInstanceId, process: slot, nodeVersion, agentVersion } = header.identity;
  return {
    file,
    process: { serviceName, serviceInstanceId, process: slot, nodeVersion, agentVersion },
    policy: { from: source, ...policy },
    records: records.length,
    missing,
    rejected,
    first: jsonTime(firstWallMs(records)),
    last: jsonTime(lastWallMs(records)),
    ended: end === undefined ? null : { exitCode: end.exitCode, at: jsonTime(end.wallMs) },
    agreementRatio: outcome.agreementRatio ?? null,
    drilled: outcome.drilled,
    secondsRecorded: outcome.secondsRecorded,
    secondsReplayed: outcome.secondsReplayed,
    changes: outcome.changes.map(({ wallMs, ...change }) => ({ at: jsonTime(wallMs), ...change })),
  };
}

type Records = RingReading['records'];

function firstWallMs(records: Records): number | undefined {
  return records[0] === undefined ? undefined : reading(records[0].row, 'wallMs');
}

function lastWallMs(records: Records): number | undefined {
  const last = records.at(-1);
  return last === undefined ? undefined : reading(last.row, 'wallMs');
}

function outcomeText(
  source: string,
  { header, records, end, missing, rejected }: RingReading,
  outcome: Outcome,
): string {
  const changes = outcome.changes.map(
    ({ wallMs, from, to, reasons }) =>
      `${jsonTime(wallMs) ?? '–'}  ${from} → ${levelText(LEVELS.indexOf(to))}  ${reasons.join('; ')}`,
  );
  const seconds = LEVELS.map(
    (name) =>
      `  ${name.padEnd(10)}${durationText(outcome.secondsReplayed[name])} (recorded ${durationText(outcome.secondsRecorded[name])})`,
  );
  return [
    ...(changes.length === 0 ? ['no level change'] : changes),
    '',
    `${header.identity.serviceName} ${header.identity.process}, policy of ${source}`,
    `${records.length} records from ${jsonTime(firstWallMs(records)) ?? '–'} to ${jsonTime(lastWallMs(records)) ?? '–'}, ${missing} missing, ${rejected} rejected`,
    end === undefined
      ? 'no end mark: still running, or killed'
      : `ended with exit code ${end.exitCode} at ${jsonTime(end.wallMs) ?? '–'}`,
    ...(outcome.drilled === 0 ? [] : [`a drill raised the level of ${outcome.drilled} records; it is left out here`]),
    `same level as recorded in ${ratioText(outcome.agreementRatio)} of the records; time in each level:`,
    ...seconds,
  ].join('\n');
}
