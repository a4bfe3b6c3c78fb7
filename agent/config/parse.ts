/** Text → value for each kind of option. A parser answers `undefined` for text that is not of its kind. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `1s`, `1.5m`, `48h` → ms. A number without a unit is no duration: 5 what? */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  if (match === null) return undefined;
  const unitMs = DURATION_UNITS_MS[match[2] ?? ''];
  return unitMs === undefined ? undefined : Number(match[1]) * unitMs;
}

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  k: 1e3,
  kB: 1e3,
  KB: 1e3,
  M: 1e6,
  MB: 1e6,
  G: 1e9,
  GB: 1e9,
  T: 1e12,
  TB: 1e12,
  Ki: 1024,
  KiB: 1024,
  Mi: 1024 ** 2,
  MiB: 1024 ** 2,
  Gi: 1024 ** 3,
  GiB: 1024 ** 3,
  Ti: 1024 ** 4,
  TiB: 1024 ** 4,
};

/** `2400MiB`, `512Mi` (Kubernetes), `1.5GB`, `268435456` → bytes. */
export function parseSizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([A-Za-z]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const unitBytes = SIZE_UNITS_BYTES[match[2] ?? ''];
  return unitBytes === undefined ? undefined : Math.round(Number(match[1]) * unitBytes);
}

/** Three values, `-` for a disabled level: `.70,.82,.92`, `-,0.8,0.9`; each in (0, 2]. */
export function parseRatios(
  text: string,
): readonly [number | undefined, number | undefined, number | undefined] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length !== 3) return undefined;
  const ratios: (number | undefined)[] = [];
  for (const part of parts) {
    if (part === '-') {
      ratios.push(undefined);
      continue;
    }
    if (!/^(\d+(\.\d*)?|\.\d+)$/.test(part)) return undefined;
    const ratio = Number(part);
    if (ratio <= 0 || ratio > 2) return undefined;
    ratios.push(ratio);
  }
  const given = ratios.filter((ratio) => ratio !== undefined);
  if (given.length === 0 || given.some((ratio, index) => index > 0 && ratio <= (given[index - 1] ?? 0)))
    return undefined;
  return [ratios[0], ratios[1], ratios[2]];
}

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** `127.0.0.1:19464`, `[::]:19464`, `localhost:0`. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** `key=value,key=value` with percent-encoded values, as OTEL_RESOURCE_ATTRIBUTES is specified. */
export function parseAttributes(text: string): Readonly<Record<string, string>> | undefined {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const split = pair.indexOf('=');
    if (split <= 0) return undefined;
    try {
      attributes[decodeURIComponent(pair.slice(0, split).trim())] = decodeURIComponent(pair.slice(split + 1).trim());
    } catch {
      return undefined;
    }
  }
  return attributes;
}
