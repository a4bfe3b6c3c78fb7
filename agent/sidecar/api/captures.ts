/**
 * `captures`: what agents wrote into the data folder. An id is a name out of the listing and is compared with it, never put into a path: whatever
 * is asked for, nothing else can be read.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { CaptureKind } from '../../model/event.ts';
import { Refusal } from './refusal.ts';
import type { Answer } from './route.ts';
import type { ApiCapture } from './types.ts';

const NAME =
  /^capture-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-([\w-]+)\.(report\.json|heapprofile|heapsnapshot)$/;
const KINDS: Readonly<Record<string, CaptureKind>> = {
  'report.json': 'report',
  heapprofile: 'profile',
  heapsnapshot: 'snapshot',
};

/** Newest first. A folder that is not there holds none. */
export async function listCaptures(dataDirectory: string): Promise<readonly ApiCapture[]> {
  const folder = join(dataDirectory, 'captures');
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw unreadable('The folder of captures');
  });
  const captures = await Promise.all(names.map((name) => captureAt(folder, name)));
  return captures.filter((capture) => capture !== undefined).toSorted((a, b) => b.wallMs - a.wallMs);
}

async function captureAt(folder: string, id: string): Promise<ApiCapture | undefined> {
  const [, year, month, day, hour, minute, second, ms, instance = '', extension = ''] = NAME.exec(id) ?? [];
  const kind = KINDS[extension];
  if (kind === undefined) return undefined;
  const stats = await lstat(join(folder, id)).catch(() => undefined);
  if (stats === undefined || !stats.isFile()) return undefined;
  const wallMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return { id, kind, instance, wallMs, bytes: stats.size };
}

export async function readCapture(dataDirectory: string, id: string): Promise<Answer> {
  const capture = (await listCaptures(dataDirectory)).find((each) => each.id === id);
  if (capture === undefined) {
    throw new Refusal(
      404,
      'PLM_API_NOT_FOUND',
      'There is no capture of this id; GET /api/v1/captures lists those there are.',
    );
  }
  const path = join(dataDirectory, 'captures', capture.id);
  // not through a link that was laid there meanwhile
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT'
      ? new Refusal(404, 'PLM_API_NOT_FOUND', 'This capture is gone: newer ones needed its room.')
      : unreadable('This capture');
  });
  return {
    pieces: file.createReadStream(),
    type: capture.kind === 'report' ? 'application/json' : 'application/octet-stream',
    headers: { 'content-disposition': `attachment; filename="${capture.id}"` },
  };
}

function unreadable(what: string): Refusal {
  const repair = 'the sidecar must run as the user, or in the group, of the application';
  return new Refusal(503, 'PLM_API_UNREADABLE', `${what} cannot be read by the sidecar: ${repair}.`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
