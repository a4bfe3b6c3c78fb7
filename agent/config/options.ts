import { parseDurationMs, parseListen, parseRatios, parseSizeBytes, type ListenAddress } from './parse.ts';
import type { LevelRatios } from '../model/policy.ts';
import type { Mode } from '../model/snapshot.ts';
import { PRESET_NAMES, RECLAIM_POLICY_NAMES, type PresetName, type ReclaimPolicyName } from './presets.ts';

/** One option: where it is read from, what it may be, and what it means. The README's table is checked against this. */
export interface Option<T> {
  /** Environment variable. */
  readonly env: string;
  /** Key in plimsoll.yaml or plimsoll.json. */
  readonly key: string;
  /** As a person would write it; undefined: not set by default. */
  readonly defaultText: string | undefined;
  /** Completes "must be …". */
  readonly allowed: string;
  readonly doc: string;
  /** undefined: not of this kind or outside the range. */
  parse(text: string): T | undefined;
}

function choice<T extends string>(values: readonly T[]): { allowed: string; parse(text: string): T | undefined } {
  return {
    allowed: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text.trim().toLowerCase()),
  };
}

function duration(minText: string, maxText: string): { allowed: string; parse(text: string): number | undefined } {
  const minMs = parseDurationMs(minText) ?? 0;
  const maxMs = parseDurationMs(maxText) ?? 0;
  return {
    allowed: `a duration from ${minText} to ${maxText} with its unit (500ms, 1s, 2m)`,
    parse(text) {
      const ms = parseDurationMs(text);
      return ms === undefined || ms < minMs || ms > maxMs ? undefined : ms;
    },
  };
}

function option<T>(row: Option<T>): Option<T> {
  return row;
}

export const MODES: readonly Mode[] = ['off', 'observe', 'protect'];
const EXPORTERS = ['auto', 'sidecar', 'join', 'prometheus', 'otlp', 'none'] as const;
const SWITCH = ['off', 'on'] as const;
const METRIC_TIERS = ['core', 'full'] as const;
const RECLAIM = ['off', 'registered', 'auto'] as const;
const GC = ['off', 'auto'] as const;
const SHED = ['off', 'http'] as const;
const CAPTURES = ['off', 'report', 'profile', 'snapshot'] as const;

const RATIOS = {
  allowed:
    'three rising ratios above 0 and up to 2 for elevated,high,critical, with - for a level that is off (0.70,0.82,0.92)',
  parse: (text: string): LevelRatios | undefined => parseRatios(text),
};

/** Every option there is, in the order of the documentation. */
export const OPTIONS = {
  mode: option<Mode>({
    env: 'PLIMSOLL_MODE',
    key: 'mode',
    defaultText: 'protect',
    ...choice(MODES),
    doc: '`off`: the agent does nothing. `observe`: senses, classifies and records, runs no handler. `protect`: runs them. Re-read within 5 s from `control.json` in `PLIMSOLL_DIR`.',
  }),
  directory: option<string>({
    env: 'PLIMSOLL_DIR',
    key: 'dir',
    defaultText: undefined,
    allowed: 'a path',
    parse: (text) => (text.trim() === '' ? undefined : text.trim()),
    doc: 'Folder for ring files, control sockets and `control.json`, shared with a sidecar. Without it nothing is recorded.',
  }),
  exporter: option<(typeof EXPORTERS)[number]>({
    env: 'PLIMSOLL_EXPORTER',
    key: 'exporter',
    defaultText: 'auto',
    ...choice(EXPORTERS),
    doc: "`auto`: the sidecar while one watches this process through `PLIMSOLL_DIR`, else the application's own OpenTelemetry MeterProvider when it has one, else OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_METRICS_EXPORTER=otlp` asks for it, else the Prometheus endpoint. `sidecar`: only that; nothing is exported without one. `join`: only the application's provider. `OTEL_METRICS_EXPORTER=none` and `OTEL_SDK_DISABLED=true` mean `none` unless this option is set.",
  }),
  listen: option<ListenAddress>({
    env: 'PLIMSOLL_LISTEN',
    key: 'listen',
    defaultText: '127.0.0.1:19464',
    allowed: 'host:port, [IPv6]:port; port 0 lets the kernel choose',
    parse: parseListen,
    doc: 'Where `/metrics`, `/healthz` and `/readyz` answer. A taken port is reported, never searched around.',
  }),
  apiListen: option<ListenAddress>({
    env: 'PLIMSOLL_API_LISTEN',
    key: 'apiListen',
    defaultText: '127.0.0.1:19465',
    allowed: 'host:port, [IPv6]:port; port 0 lets the kernel choose',
    parse: parseListen,
    doc: "Where the sidecar's HTTP API and web page answer; beyond loopback only with a token.",
  }),
  apiTokenFile: option<string>({
    env: 'PLIMSOLL_API_TOKEN_FILE',
    key: 'apiTokenFile',
    defaultText: undefined,
    allowed: 'a path',
    parse: (text) => (text.trim() === '' ? undefined : text.trim()),
    doc: 'File with the bearer token that the HTTP API asks for. It is read again when it changes.',
  }),
  apiWrite: option<(typeof SWITCH)[number]>({
    env: 'PLIMSOLL_API_WRITE',
    key: 'apiWrite',
    defaultText: 'off',
    ...choice(SWITCH),
    doc: '`on`: routes of the HTTP API that change something answer, with a token only.',
  }),
  metrics: option<(typeof METRIC_TIERS)[number]>({
    env: 'PLIMSOLL_METRICS',
    key: 'metrics',
    defaultText: 'core',
    ...choice(METRIC_TIERS),
    doc: '`core`: at most 50 series a process. `full`: at most 150.',
  }),
  preset: option<PresetName>({
    env: 'PLIMSOLL_PRESET',
    key: 'preset',
    defaultText: 'standard',
    ...choice(PRESET_NAMES),
    doc: 'Thresholds at which levels are entered and left.',
  }),
  enter: option<LevelRatios>({
    env: 'PLIMSOLL_ENTER',
    key: 'enter',
    defaultText: undefined,
    ...RATIOS,
    doc: 'Utilization at which elevated, high and critical are entered; default from the preset.',
  }),
  exit: option<LevelRatios>({
    env: 'PLIMSOLL_EXIT',
    key: 'exit',
    defaultText: undefined,
    ...RATIOS,
    doc: 'Utilization below which they may be left, each under its `PLIMSOLL_ENTER`; default from the preset.',
  }),
  dwellMs: option<number>({
    env: 'PLIMSOLL_DWELL',
    key: 'dwell',
    defaultText: '10s',
    ...duration('0ms', '1h'),
    doc: 'Shortest stay in a level before it may be left downwards.',
  }),
  processBudgetBytes: option<number>({
    env: 'PLIMSOLL_PROCESS_BUDGET',
    key: 'processBudget',
    defaultText: undefined,
    allowed: 'a size from 16MiB up with its unit (2400MiB, 1.5GB)',
    parse(text) {
      const bytes = parseSizeBytes(text);
      return bytes === undefined || bytes < 16 * 1024 ** 2 ? undefined : bytes;
    },
    doc: "A ceiling of your own for this process's RSS; it becomes the constraint `budget`.",
  }),
  sampleIntervalMs: option<number>({
    env: 'PLIMSOLL_SAMPLE_INTERVAL',
    key: 'sampleInterval',
    defaultText: '1s',
    ...duration('50ms', '60s'),
    doc: 'The pace at rest.',
  }),
  sampleIntervalMinMs: option<number>({
    env: 'PLIMSOLL_SAMPLE_INTERVAL_MIN',
    key: 'sampleIntervalMin',
    defaultText: '50ms',
    ...duration('10ms', '60s'),
    doc: 'The pace near a limit.',
  }),
  reclaim: option<(typeof RECLAIM)[number]>({
    env: 'PLIMSOLL_RECLAIM',
    key: 'reclaim',
    defaultText: 'registered',
    ...choice(RECLAIM),
    doc: 'What is asked to give memory back. `registered`: the caches and reclaimers that the application registered. `auto`: the caches that were found too; in ES modules only where the environment or `start()` says so.',
  }),
  reclaimPolicy: option<ReclaimPolicyName>({
    env: 'PLIMSOLL_RECLAIM_POLICY',
    key: 'reclaimPolicy',
    defaultText: 'conservative',
    ...choice(RECLAIM_POLICY_NAMES),
    doc: 'How much is asked for at elevated, high and critical, and how often: `conservative` 15, 30 and 50 % of the process, 30 s apart; `aggressive` 25, 45 and 70 %, 10 s apart. A higher level, and a limit that would be reached before, do not wait.',
  }),
  reclaimTargets: option<LevelRatios>({
    env: 'PLIMSOLL_RECLAIM_TARGETS',
    key: 'reclaimTargets',
    defaultText: undefined,
    ...RATIOS,
    doc: "Parts of the process's memory to give back at elevated, high and critical; default from the policy.",
  }),
  reclaimCoolDownMs: option<number>({
    env: 'PLIMSOLL_RECLAIM_COOLDOWN',
    key: 'reclaimCooldown',
    defaultText: undefined,
    ...duration('0ms', '1h'),
    doc: 'Least time between two reclaims of a level; default from the policy.',
  }),
  gc: option<(typeof GC)[number]>({
    env: 'PLIMSOLL_GC',
    key: 'gc',
    defaultText: 'auto',
    ...choice(GC),
    doc: '`auto`: a reclaim collects garbage, within its time budget, so that what it freed shows. `off`: never.',
  }),
  shed: option<(typeof SHED)[number]>({
    env: 'PLIMSOLL_SHED',
    key: 'shed',
    defaultText: 'off',
    ...choice(SHED),
    doc: "`http`: above `high` the process's HTTP servers answer a part of the requests, in proportion to the pressure, with 503 and Retry-After.",
  }),
  shedExempt: option<readonly string[]>({
    env: 'PLIMSOLL_SHED_EXEMPT',
    key: 'shedExempt',
    defaultText: '/healthz,/readyz,/livez,/health,/ready,/live,/ping,/metrics',
    allowed: 'paths that begin with /, separated by commas',
    parse(text) {
      const paths = text.split(',').map((path) => path.trim());
      return paths.every((path) => path.startsWith('/')) ? paths : undefined;
    },
    doc: 'Paths that are never refused, those below them included.',
  }),
  capture: option<(typeof CAPTURES)[number]>({
    env: 'PLIMSOLL_CAPTURE',
    key: 'capture',
    defaultText: 'report',
    ...choice(CAPTURES),
    doc: 'What is written at critical. `report`: the last samples, caches and actions. `profile`, `snapshot`: of the heap too, and only when predicted pause, headroom and disk allow.',
  }),
  captureQuotaBytes: option<number>({
    env: 'PLIMSOLL_CAPTURE_QUOTA',
    key: 'captureQuota',
    defaultText: '200MiB',
    allowed: 'a size from 1MiB up with its unit (200MiB, 1.5GB)',
    parse(text) {
      const bytes = parseSizeBytes(text);
      return bytes === undefined || bytes < 2 ** 20 ? undefined : bytes;
    },
    doc: 'What all captures in the data folder may take together; the oldest give way.',
  }),
  dataDirectory: option<string>({
    env: 'PLIMSOLL_DATA_DIR',
    key: 'dataDir',
    defaultText: undefined,
    allowed: 'a path',
    parse: (text) => (text.trim() === '' ? undefined : text.trim()),
    doc: "Where captures and post-mortems are kept; default `PLIMSOLL_DIR`, without it the user's data folder.",
  }),
};

type ValueOf<O> = O extends Option<infer T> ? T : never;
type Unset =
  | 'directory'
  | 'apiTokenFile'
  | 'enter'
  | 'exit'
  | 'processBudgetBytes'
  | 'reclaimTargets'
  | 'reclaimCoolDownMs'
  | 'dataDirectory';
type Table = typeof OPTIONS;

/** The values the agent runs with. */
export type Options = {
  readonly [K in keyof Table]: K extends Unset ? ValueOf<Table[K]> | undefined : ValueOf<Table[K]>;
};

/** Named apart from the table: it says where the table's file is. */
export const CONFIG_FILE_ENV = 'PLIMSOLL_CONFIG_FILE';
