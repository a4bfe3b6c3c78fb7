/** Ways to die, each with what it really is. */
import type { DeathCause } from '../../../agent/model/postmortem.ts';

/** What programs/die.mjs does. */
export interface Life {
  /** `jump`: 340 MB in one turn of the loop. */
  readonly grows?: 'buffers' | 'objects' | 'strings' | 'arrays' | 'jump';
  readonly megabytesPerSecond?: number;
  /** It says `reached` then. */
  readonly untilPressure?: number;
  /** From then on. */
  readonly slowsToMegabytesPerSecond?: number;
  /** When that is reached, or after `afterSeconds` of its life; nothing: it stays as it is. */
  readonly ending?: 'grow on' | 'throw' | 'reject' | 'abort' | 'segv' | 'exit0' | 'exit3';
  readonly afterSeconds?: number;
  readonly handlesSigterm?: boolean;
}

export interface Way {
  readonly name: string;
  /** What a run of it is to end by: another end is a fault of the bench. */
  readonly cause: DeathCause;
  readonly life: Life;
  /** Of its group, MiB. */
  readonly limitMebibytes: number;
  readonly oldSpaceMebibytes?: number;
  /** Sent from outside when it says `reached`. */
  readonly signal?: 'SIGKILL' | 'SIGTERM';
  /** ms after it said so. */
  readonly signalAfterMs?: number;
  /** One turn of the loop takes all: no record can be younger than that turn, so their age is reported and not judged. */
  readonly blocksLoop?: boolean;
  /** Without an exit status or a counter it looks like any SIGKILL. */
  readonly leavesNoTrace?: boolean;
  /** Default actions of signals do not reach the first process of a PID namespace: a shell stands there, as in many images. */
  readonly behindShell?: boolean;
}

const LIMIT_MEBIBYTES = 192;
const ROOMY_MEBIBYTES = 512;
/** The agent forgets who ends well before ten seconds are over. */
const GROWN_UP_SECONDS = 10.3;

export const WAYS = [
  kernelOom('kernel: buffers', { grows: 'buffers', megabytesPerSecond: 100 }),
  kernelOom('kernel: objects', { grows: 'objects', megabytesPerSecond: 60 }),
  kernelOom('kernel: strings, slowly', { grows: 'strings', megabytesPerSecond: 25 }),
  kernelOom('kernel: buffers, fast', { grows: 'buffers', megabytesPerSecond: 400 }),
  kernelOom('kernel: buffers, creeping', {
    grows: 'buffers',
    megabytesPerSecond: 60,
    untilPressure: 0.95,
    slowsToMegabytesPerSecond: 3,
    ending: 'grow on',
  }),
  {
    ...kernelOom('kernel: all at once', { grows: 'jump', megabytesPerSecond: 1 }),
    blocksLoop: true,
    leavesNoTrace: true,
  },
  v8Oom('V8: objects', { grows: 'objects', megabytesPerSecond: 60 }, 64),
  v8Oom('V8: strings', { grows: 'strings', megabytesPerSecond: 60 }, 96),
  v8Oom('V8: arrays', { grows: 'arrays', megabytesPerSecond: 60 }, 64),
  killed('SIGKILL: full, standing', { grows: 'buffers', megabytesPerSecond: 60, untilPressure: 0.93 }, 1500),
  killed('SIGKILL: brim-full', { grows: 'buffers', megabytesPerSecond: 40, untilPressure: 0.965 }, 1500),
  killed('SIGKILL: full, growing', {
    grows: 'buffers',
    megabytesPerSecond: 8,
    untilPressure: 0.92,
    ending: 'grow on',
  }),
  {
    name: 'SIGKILL: at rest',
    cause: 'killed',
    life: {},
    limitMebibytes: ROOMY_MEBIBYTES,
    signal: 'SIGKILL',
  },
  crash('crash: exception', { ending: 'throw' }),
  crash('crash: rejection', { ending: 'reject' }),
  crash('crash: exit code 3', { ending: 'exit3' }),
  {
    name: 'crash: exception, full',
    cause: 'crash',
    life: { grows: 'buffers', megabytesPerSecond: 60, untilPressure: 0.93, ending: 'throw' },
    limitMebibytes: LIMIT_MEBIBYTES,
  },
  { ...crash('crash: abort()', { ending: 'abort' }), behindShell: true, leavesNoTrace: true },
  { ...crash('crash: SIGSEGV', { ending: 'segv' }), behindShell: true, leavesNoTrace: true },
  exit('exit: code 0', { ending: 'exit0' }),
  { ...exit('exit: SIGTERM handled', { handlesSigterm: true }), signal: 'SIGTERM' },
  { ...exit('exit: SIGTERM unhandled', {}), signal: 'SIGTERM', behindShell: true, leavesNoTrace: true },
] as const satisfies readonly Way[];

export type WayName = (typeof WAYS)[number]['name'];

export function wayOf(name: string): Way {
  const way = WAYS.find((one) => one.name === name);
  if (way === undefined) throw new Error(`${name} is no way to die: ${WAYS.map((one) => one.name).join('; ')}`);
  return way;
}

function kernelOom<const N extends string>(name: N, life: Life) {
  return { name, cause: 'kernel_oom', life, limitMebibytes: LIMIT_MEBIBYTES } as const;
}

function killed<const N extends string>(name: N, life: Life, signalAfterMs = 0) {
  return { name, cause: 'killed', life, limitMebibytes: LIMIT_MEBIBYTES, signal: 'SIGKILL', signalAfterMs } as const;
}

function v8Oom<const N extends string>(name: N, life: Life, oldSpaceMebibytes: number) {
  return { name, cause: 'v8_oom', life, limitMebibytes: ROOMY_MEBIBYTES, oldSpaceMebibytes } as const;
}

function crash<const N extends string>(name: N, life: Life) {
  return { name, cause: 'crash', life: { afterSeconds: 3, ...life }, limitMebibytes: ROOMY_MEBIBYTES } as const;
}

function exit<const N extends string>(name: N, life: Life) {
  const afterSeconds = GROWN_UP_SECONDS;
  return { name, cause: 'exit', life: { afterSeconds, ...life }, limitMebibytes: ROOMY_MEBIBYTES } as const;
}
