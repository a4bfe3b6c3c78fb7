/**
 * Lives for a while, then dies as it is told. Says `recording PATH` when its agent records, and `reached` when the pressure that it was
 * told to reach is there. The argument is a `Life` of ways.ts.
 */
const { grows, megabytesPerSecond, untilPressure, slowsToMegabytesPerSecond, ending, afterSeconds, handlesSigterm } =
  JSON.parse(process.argv[2]);
const STEP_BYTES = 850_000;
/** Once the agent records: a sidecar has found it by then. */
const AT_REST_MS = 1500;
const OBJECT_BYTES = 300;
const ELEMENT_BYTES = 8;

const kept = [];
let count = 1;

const grow = {
  buffers: () => Buffer.alloc(STEP_BYTES, (count++ % 255) + 1),
  objects: () =>
    Array.from({ length: STEP_BYTES / OBJECT_BYTES }, () => ({
      id: count++,
      name: `name-${count}`,
      score: count / 3,
      tags: [count, count + 1],
      parent: { id: count },
    })),
  strings: () =>
    Array.from({ length: STEP_BYTES / 16_384 }, () => Buffer.alloc(16_384, String(count++)).toString('latin1')),
  arrays: () => Array.from({ length: STEP_BYTES / ELEMENT_BYTES }, () => count++ / 3),
  /** All at once: nothing can be seen coming. */
  jump: () => Array.from({ length: 400 }, () => Buffer.alloc(STEP_BYTES, 1)),
};

const ends = {
  throw() {
    throw new Error('the program is wrong');
  },
  reject() {
    void Promise.reject(new Error('nobody handles this'));
  },
  abort: () => process.abort(),
  segv: () => process.kill(process.pid, 'SIGSEGV'),
  exit0: () => process.exit(0),
  exit3: () => process.exit(3),
};

const status = () => process[Symbol.for('plimsoll.agent.v1')]?.status();

setInterval(() => {}, 1000); // an idle service
if (handlesSigterm) process.on('SIGTERM', () => process.exit(0));
const waiting = setInterval(() => {
  const { available, recording } = status() ?? {};
  if (!available || recording === undefined) return;
  clearInterval(waiting);
  console.log(`recording ${recording}`);
  setTimeout(live, AT_REST_MS);
}, 20);

function live() {
  if (grows !== undefined) startGrowing();
  else if (untilPressure === undefined) setTimeout(end, Math.max(0, (afterSeconds ?? 0) * 1000 - performance.now()));
}

function startGrowing() {
  let growing = setInterval(step, delayMs(megabytesPerSecond));
  let reached = false;

  function step() {
    kept.push(grow[grows]());
    if (reached || untilPressure === undefined || status().assessment.pressureRatio < untilPressure) return;
    reached = true;
    clearInterval(growing);
    if (ending === 'grow on') growing = setInterval(step, delayMs(slowsToMegabytesPerSecond ?? megabytesPerSecond));
    end();
  }
}

/** @param {number} speed in MB/s */
const delayMs = (speed) => STEP_BYTES / 1000 / speed;

function end() {
  console.log('reached');
  ends[ending]?.();
}
