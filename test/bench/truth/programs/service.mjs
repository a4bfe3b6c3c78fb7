/**
 * A healthy service: a live set of the given size, reached at the given speed, that then stays and of which a part is always
 * being replaced: 10 MB/s that grew old before they became garbage, and 90 MB/s that die young. Arguments: MB, MB/s.
 */
import { next } from './grow.mjs';

const TICK_MS = 5;
const OLD_GARBAGE_BYTES = 50_000;
const YOUNG_GARBAGE_BYTES = 450_000;
/** Measured: a record with its tags and parent. */
const RECORD_BYTES = 282;
const RECORDS_A_PAGE = 100;

const [liveMegabytes, growthMegabytesPerSecond] = process.argv.slice(2).map(Number);
const pageBytes = RECORD_BYTES * RECORDS_A_PAGE;
const pageCount = Math.round((liveMegabytes * 1e6) / pageBytes);
const live = [];
let answered = 0;

function page() {
  return Array.from({ length: RECORDS_A_PAGE }, () => ({
    id: next(),
    name: `name-${next()}`,
    score: next() / 3,
    tags: [next(), next()],
    parent: { id: next() },
  }));
}

/** Not made of pages: V8 would allocate those in the old generation as well, since so many pages live long. */
function answer() {
  return Array.from({ length: RECORDS_A_PAGE }, () => ({
    status: next(),
    headers: { etag: `tag-${next()}`, age: next() / 3 },
    body: [next(), next(), next()],
  }));
}

function serve() {
  for (let bytes = 0; bytes < YOUNG_GARBAGE_BYTES; bytes += pageBytes) answered += answer().length;
  for (let bytes = 0; bytes < OLD_GARBAGE_BYTES; bytes += pageBytes) live[next() % live.length] = page();
}

setInterval(() => {
  const due = growthMegabytesPerSecond * 1_000 * TICK_MS;
  for (let bytes = 0; live.length < pageCount && bytes < due; bytes += pageBytes) live.push(page());
  if (live.length === pageCount) serve();
}, TICK_MS);
