import type { IncomingMessage } from 'node:http';

import { Refusal } from './refusal.ts';

const MOST_BODY_BYTES = 16 * 1024;

/** The JSON of a request; `{}` where there is no body. Never holds more than the most there may be. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const { 'content-type': type, 'content-length': length } = request.headers;
  if (Number(length ?? 0) > MOST_BODY_BYTES) throw tooLarge();
  const text = await readText(request);
  if (text.trim() === '') return {};
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) {
    throw new Refusal(415, 'PLM_API_BODY', 'The body must be JSON: Content-Type: application/json. Nothing is done.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal(400, 'PLM_API_BODY', 'The body is not JSON that can be read. Nothing is done.');
  }
}

/** By its events: leaving a loop over it would destroy the connection that the answer goes by. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BODY_BYTES) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('close', () => reject(new Refusal(400, 'PLM_API_BODY', 'The body ended before it was whole.')));
  });
}

function tooLarge(): Refusal {
  const detail = `The body is larger than ${MOST_BODY_BYTES} bytes. Nothing is done.`;
  return new Refusal(413, 'PLM_API_BODY', detail, { connection: 'close' });
}
