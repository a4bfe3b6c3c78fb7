/** The built preload as if it were of another version of Plimsoll: it calls itself 0.0.1, lacks one column and has another one first. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { VERSION } from '../../agent/model/version.ts';
import { AGENT } from './run-node.ts';

export const OTHER_VERSION = '0.0.1';

/** Lacks `processRssBytes`. */
export function writeOtherVersion(folder: string): string {
  const path = join(folder, 'register.cjs');
  const renamed = replace(readFileSync(AGENT, 'utf8'), `="${VERSION}"`, `="${OTHER_VERSION}"`);
  // where the row's columns are listed, and nowhere else
  const lacking = replace(renamed, '"processRssBytes","processVirtualBytes",', '"processVirtualBytes",');
  writeFileSync(path, replace(lacking, '["wallMs","monotonicMs","heap', '["ofItsOwn","wallMs","monotonicMs","heap'));
  return path;
}

function replace(text: string, what: string, by: string): string {
  assert.ok(text.includes(what), `the preload has no ${what}`);
  return text.replaceAll(what, by);
}
