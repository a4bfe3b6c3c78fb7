/** Which deaths, and who finds them. */
import { FINDERS, type FinderName } from './scene.ts';
import type { WayName } from './ways.ts';

export interface Planned {
  readonly way: WayName;
  readonly finder: FinderName;
}

type Counts = Readonly<Partial<Record<WayName, number>>>;

/** For each finder, 37 in cgroup v1. */
const V1: Counts = {
  'kernel: buffers': 4,
  'kernel: buffers, creeping': 2,
  'kernel: objects': 2,
  'kernel: strings, slowly': 3,
  'kernel: buffers, fast': 3,
  'V8: objects': 3,
  'V8: strings': 2,
  'V8: arrays': 2,
  'SIGKILL: full, standing': 2,
  'SIGKILL: brim-full': 2,
  'SIGKILL: full, growing': 3,
  'SIGKILL: at rest': 2,
  'crash: exception': 2,
  'crash: rejection': 1,
  'crash: exit code 3': 1,
  'crash: exception, full': 1,
  'exit: code 0': 1,
  'exit: SIGTERM handled': 1,
};

/** What leaves no trace, as seldom as it is: whoever has neither an exit status nor a counter cannot tell it from a SIGKILL. */
const TRACELESS: readonly Planned[] = [
  ...(['kernel: all at once', 'crash: abort()', 'crash: SIGSEGV', 'exit: SIGTERM unhandled'] as const).flatMap(
    (way): readonly Planned[] => [
      { way, finder: 'parent' },
      { way, finder: 'parent' },
    ],
  ),
  { way: 'crash: SIGSEGV', finder: 'sidecar' },
  { way: 'crash: abort()', finder: 'successor' },
  { way: 'kernel: all at once', finder: 'successor' },
  { way: 'exit: SIGTERM unhandled', finder: 'new container' },
];

/** For each finder, 10 in cgroup v2: its machine is emulated. */
const V2: Counts = {
  'kernel: buffers': 2,
  'kernel: objects': 1,
  'kernel: strings, slowly': 1,
  'V8: objects': 1,
  'SIGKILL: full, standing': 1,
  'SIGKILL: brim-full': 1,
  'SIGKILL: at rest': 1,
  'crash: exception': 1,
  'exit: code 0': 1,
};

const SHORT_V1: readonly Planned[] = [
  { way: 'exit: code 0', finder: 'sidecar' },
  { way: 'exit: SIGTERM handled', finder: 'parent' },
  ...FINDERS.map((finder): Planned => ({ way: 'kernel: buffers', finder })),
  ...FINDERS.map((finder): Planned => ({ way: 'V8: objects', finder })),
  ...FINDERS.map((finder): Planned => ({ way: 'SIGKILL: full, standing', finder })),
  { way: 'SIGKILL: at rest', finder: 'sidecar' },
  { way: 'crash: exception', finder: 'sidecar' },
  { way: 'crash: exception, full', finder: 'successor' },
  { way: 'crash: SIGSEGV', finder: 'parent' },
];

const SHORT_V2: readonly Planned[] = [
  { way: 'kernel: buffers', finder: 'sidecar' },
  { way: 'SIGKILL: full, standing', finder: 'new container' },
];

/** Those that live longest go first: others die meanwhile. */
export function planFor(version: 1 | 2, isShort: boolean): readonly Planned[] {
  if (isShort) return version === 1 ? SHORT_V1 : SHORT_V2;
  const counts = Object.entries(version === 1 ? V1 : V2) as readonly (readonly [WayName, number])[];
  const planned = counts
    .toReversed()
    .flatMap(([way, count]) => FINDERS.flatMap((finder) => Array.from({ length: count }, () => ({ way, finder }))));
  return version === 1 ? [...planned, ...TRACELESS] : planned;
}
