/** `plimsoll doctor`: what the agent would find here, what does not fit, and what would repair it. */
import { parseSizeBytes } from '../config/parse.ts';
import { readIdentity } from '../config/identity.ts';
import { readConfiguration } from '../config/read.ts';
import { command, usageError } from './command.ts';
import { diagnose, type Diagnosis, type Limits, type ProcessDiagnosis } from './diagnosis.ts';
import { findingsOf, type Finding } from './findings.ts';
import { environmentOf, optionFlags } from './flags.ts';
import { fittingNodeOptions, type HeapFit } from '../postmortem/heap-fit.ts';
import { askListener, checkDirectory, senseMachine } from './machine.ts';
import { isLive, recordingsIn, type Recording } from './recording.ts';
import { jsonNumber } from './text.ts';

export const doctor = command({
  usage: 'doctor',
  flags: {
    ...optionFlags(['directory', 'listen']),
    'image-limit': {
      type: 'string',
      requiresArg: true,
      describe: 'Judge the heap against a container of this size (512Mi)',
    },
    json: { type: 'boolean', default: false, describe: 'One JSON document' },
    strict: { type: 'boolean', default: false, describe: 'Exit code 1 when something does not fit' },
  },
  positionals: [],
  examples: [
    ['$0 doctor --strict', 'in a pipeline, or before a service starts'],
    ['$0 doctor --image-limit 512Mi', 'what would a container of 512 MiB mean?'],
    ['$0 doctor --dir /var/run/plimsoll', 'the processes of other containers, through their recordings'],
  ],
  run: async (flags, cli) => {
    const imageLimitBytes = sizeOf(flags['image-limit']);
    const env = { ...cli.env, ...environmentOf(flags) };
    const { options, problems } = await readConfiguration(env);
    const nodeOptions = env['NODE_OPTIONS'] ?? '';
    const diagnosis = diagnose({
      sensed: await senseMachine(nodeOptions, options.processBudgetBytes),
      options,
      problems: [...problems, ...readIdentity(env, undefined).problems],
      listener: await askListener(options.listen),
      directory: options.directory === undefined ? undefined : checkDirectory(options.directory),
      recordings: liveIn(options.directory, cli.wallMs()),
      nodeVersion: process.versions.node,
      nodeOptions,
      imageLimitBytes,
    });
    const findings = findingsOf(diagnosis);
    const fits = findings.every(({ state }) => state !== 'misfit');
    cli.out(
      flags.json
        ? JSON.stringify(doctorJson(diagnosis, findings, fits), undefined, 2)
        : findings.flatMap(linesOf).join('\n'),
    );
    return flags.strict && !fits ? 1 : 0;
  },
});

const SMALLEST_LIMIT_BYTES = 16 * 2 ** 20;

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSizeBytes(text);
  if (bytes === undefined || bytes < SMALLEST_LIMIT_BYTES) {
    throw usageError(
      `--image-limit is ${JSON.stringify(text)}, must be a size from 16Mi up with its unit (512Mi, 2GiB).`,
    );
  }
  return bytes;
}

/** A folder that cannot be listed has its own finding. */
function liveIn(directory: string | undefined, nowMs: number): readonly Recording[] {
  if (directory === undefined) return [];
  try {
    return recordingsIn(directory).filter((recording) => isLive(recording, nowMs));
  } catch {
    return [];
  }
}

function linesOf({ state, topic, text, repair }: Finding): readonly string[] {
  const line = `${state.padEnd(9)} ${topic}: ${text}`;
  return repair === undefined ? [line] : [line, `${' '.repeat(10)}repair: ${repair}`];
}

function doctorJson(diagnosis: Diagnosis, findings: readonly Finding[], fits: boolean) {
  const { node, heap, cgroup, limits, ceiling, fit, psi, listener, directory, problems, degraded, processes } =
    diagnosis;
  return {
    fits,
    node,
    heap: { nodeOptions: heap.nodeOptions, sizeLimitBytes: jsonNumber(heap.sizeLimitBytes) },
    cgroup,
    limits: limitsJson(limits),
    fit: fit === undefined ? null : { ceiling, ...fitJson(fit) },
    psi,
    listener,
    directory: directory ?? null,
    problems,
    degraded,
    processes: processes.map(processJson),
    findings: findings.map(({ repair, ...rest }) => ({ ...rest, repair: repair ?? null })),
  };
}

/** null: no limit, or unknown. */
function limitsJson({ container, high, swap, host, budget }: Limits) {
  return {
    containerBytes: jsonNumber(container),
    highBytes: jsonNumber(high),
    swapBytes: jsonNumber(swap),
    hostBytes: jsonNumber(host),
    budgetBytes: jsonNumber(budget),
  };
}

function fitJson(fit: HeapFit) {
  const { fittingOldMib: _, ...numbers } = fit;
  return { ...numbers, nodeOptions: fittingNodeOptions(fit) ?? null };
}

function processJson({ limits, fit, ...identity }: ProcessDiagnosis) {
  return { ...identity, limits: limitsJson(limits), fit: fit === undefined ? null : fitJson(fit) };
}
