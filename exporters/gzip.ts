/** Whether a client takes gzip: named, or by `*`, and not with quality 0 (RFC 9110, section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const qualities = new Map(
    (acceptEncoding ?? '').split(',').map((entry): [string, number] => {
      const [coding = '', ...parameters] = entry
        .toLowerCase()
        .split(';')
        .map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return [coding, quality === undefined ? 1 : Number(quality.slice(2))];
    }),
  );
  return (qualities.get('gzip') ?? qualities.get('*') ?? 0) > 0;
}

/** Smaller is sent plain: `core` fits in one packet of a loopback, and never costs the 1.1 MB that a loaded zlib does. */
const FROM_CHARACTERS = 10 * 1024;
/** Larger is sent plain: it would block. */
const TO_CHARACTERS = 256 * 1024;

/**
 * Synchronous on purpose. 19 kB take 0.25 ms at level 1, not much more than the call alone of the asynchronous form (0.12 ms),
 * which then waits for a libuv thread: with the pool busy, in just the trouble that one wants to see, the scrape would hang.
 * undefined: send it plain.
 */
export function gzip(text: string): Buffer | undefined {
  if (text.length < FROM_CHARACTERS || text.length > TO_CHARACTERS) return undefined;
  return process.getBuiltinModule('node:zlib').gzipSync(text, { level: 1, windowBits: 13, memLevel: 6 });
}
