/** What a program tells the benchmark, and how it waits for it. */
import { readFileSync } from 'node:fs';

/** @param {object} line */
export function tell(line) {
  console.log(JSON.stringify(line));
}

/** The most this process had, and has now: what Linux itself counts, bytes. */
export function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { peakBytes: bytes('VmHWM'), rssBytes: bytes('VmRSS') };
}

export const given = JSON.parse(process.argv[2] ?? '{}');
