// Grows at a given speed with a yielding loop, and tells how long after its own crossing of 0.70 the pressure handler ran.
// What it uses is read right after each allocation: of its cgroup where it has one, else its RSS.
const { openSync, readFileSync, readSync, writeSync } = require('node:fs');

const { BENCH_GROUP: group, BENCH_GROUP_VERSION: version, BENCH_SHAPE: shape } = process.env;
const limitBytes = Number(process.env.BENCH_LIMIT_BYTES);
const bytesPerMs = Number(process.env.BENCH_MEGABYTES_PER_SECOND) * 1e3;
const waitMs = Number(process.env.BENCH_WAIT_MS);
const PIECE_BYTES = 1e6;
const MOST_PIECES_A_TURN = 4;

const statFile = group === '' ? -1 : openSync(`${group}/memory.stat`);
const statBytes = Buffer.alloc(8192);

function usedBytes() {
  if (group === '') return process.memoryUsage.rss();
  const text = `\n${statBytes.latin1Slice(0, readSync(statFile, statBytes, 0, statBytes.length, 0))}`;
  const of = (name) => Number(text.slice(text.indexOf(`\n${name} `) + name.length + 2).split('\n', 1)[0]);
  if (version === '2') return of('anon') + of('shmem') + of('kernel') - of('slab_reclaimable') + of('sock');
  return of('total_rss') + of('total_shmem') + Number(readFileSync(`${group}/memory.kmem.usage_in_bytes`, 'latin1'));
}

const kept = [];
const pieces = {
  buffers: () => Buffer.alloc(PIECE_BYTES, 1),
  // 3 words of header and 8 of fields, and their slot in the array: 96 bytes each
  objects: () =>
    Array.from({ length: PIECE_BYTES / 96 }, (_, n) => ({ a: n, b: n, c: n, d: n, e: n, f: n, g: n, h: n })),
};

let startMs = 0;
let grownBytes = 0;
let crossedMs;
let turnMs = 0;
let longestTurnMs = 0; // since the crossing: what the program and its collections kept the loop from the agent

function end(answer) {
  const megabytesPerSecond = grownBytes / 1e3 / (performance.now() - startMs);
  writeSync(1, `${JSON.stringify({ megabytesPerSecond, ...answer })}\n`);
  process.exit(0);
}

function endTurn() {
  const nowMs = performance.now();
  if (crossedMs !== undefined) longestTurnMs = Math.max(longestTurnMs, nowMs - turnMs);
  turnMs = nowMs;
}

function grow() {
  endTurn();
  const owedBytes = (performance.now() - startMs) * bytesPerMs - grownBytes;
  const count = Math.min(MOST_PIECES_A_TURN, Math.floor(owedBytes / PIECE_BYTES));
  for (let piece = 0; piece < count; piece++) {
    kept.push(pieces[shape]());
    grownBytes += PIECE_BYTES;
    if (crossedMs === undefined && usedBytes() >= 0.7 * limitBytes) crossedMs = performance.now();
  }
  setTimeout(grow, 1);
}

setTimeout(() => {
  const agent = globalThis[Symbol.for('plimsoll.agent.v1')];
  agent.onPressure('elevated', ({ assessment }) => {
    const nowMs = performance.now();
    endTurn();
    const ratio = usedBytes() / limitBytes;
    // before its own reading said so: the agent saw the same growth in the same turn
    end({
      reactionMs: crossedMs === undefined ? 0 : nowMs - crossedMs,
      longestTurnMs,
      ratio,
      binding: assessment.binding,
    });
  });
  startMs = turnMs = performance.now();
  grow();
}, waitMs);
