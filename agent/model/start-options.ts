import type { LevelRatios } from './policy.ts';
import type { Mode } from './snapshot.ts';

/** What `start()` takes: the options table by key, written as in the environment or the configuration file. */
export interface StartOptions {
  readonly mode?: Mode;
  readonly dir?: string;
  readonly exporter?: 'auto' | 'join' | 'prometheus' | 'otlp' | 'none';
  /** `127.0.0.1:19464` */
  readonly listen?: string;
  readonly metrics?: 'core' | 'full';
  readonly preset?: 'standard' | 'early' | 'conservative' | 'two-step' | 'budget';
  readonly enter?: LevelRatios | string;
  readonly exit?: LevelRatios | string;
  /** `10s` */
  readonly dwell?: string;
  /** `2400MiB` */
  readonly processBudget?: string;
  /** `1s` */
  readonly sampleInterval?: string;
  /** `50ms` */
  readonly sampleIntervalMin?: string;
  readonly reclaim?: 'off' | 'registered' | 'auto';
  readonly reclaimPolicy?: 'conservative' | 'aggressive';
  readonly reclaimTargets?: LevelRatios | string;
  /** `30s` */
  readonly reclaimCooldown?: string;
  readonly gc?: 'off' | 'auto';
  readonly shed?: 'off' | 'http';
  /** `/healthz,/readyz` */
  readonly shedExempt?: readonly string[] | string;
  readonly capture?: 'off' | 'report' | 'profile' | 'snapshot';
  /** `200MiB` */
  readonly captureQuota?: string;
  readonly dataDir?: string;
}
