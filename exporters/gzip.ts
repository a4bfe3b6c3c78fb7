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

/**
 * In libuv's thread pool, so that the loop pays for the call only. Level 1 and a small window: 40 kB of text shrink tenfold
 * all the same, and the memory that a deflate takes outside the heap stays under 100 kB. undefined: it failed; send it plain.
 */
export function gzip(text: string): Promise<Buffer | undefined> {
  const zlib = process.getBuiltinModule('node:zlib');
  return new Promise((resolve) => {
    zlib.gzip(text, { level: 1, windowBits: 13, memLevel: 6 }, (error, bytes) => resolve(error ? undefined : bytes));
  });
}
