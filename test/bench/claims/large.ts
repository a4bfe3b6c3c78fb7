/** Large inputs: one worked off as a whole and in chunks, ten at once, one streamed. */
import { change, type Claim, megabytes } from './claim.ts';
import { createInputs } from './inputs.ts';
import { howEnded, lastTold, type Ran, run } from './run.ts';

interface Told {
  readonly rows: number;
  readonly flux: number;
  readonly brightest: number;
  readonly names: number;
  readonly peakBytes: number;
  readonly seconds: number;
}

type How = 'whole' | 'chunks' | 'streamed' | 'streamed-by-room';

const MB = 1e6;
const CHUNK_BYTES = 4 * 2 ** 20;
/** Whole rows. */
const STREAM_CHUNK_BYTES = 2 * MB;
const STREAM_BUDGET_MEBIBYTES = 160;
/** What takes the whole at once needs more heap than V8 gives by itself. */
const ROOMY_MEBIBYTES = 12_000;
/** Of the input: the least heap with which the whole was seen to end. */
const TIGHT_RATIO = 1.9;

interface Setting {
  readonly containerMebibytes?: number;
  readonly heapMebibytes?: number;
  readonly chunkBytes?: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function work(how: How, files: readonly string[], setting: Setting = {}): Promise<Ran<Told>> {
  const { containerMebibytes, heapMebibytes, chunkBytes = CHUNK_BYTES, env = {} } = setting;
  return await run<Told>({
    program: 'input',
    given: { files, how, chunkBytes },
    isGuarded: how === 'chunks' || how === 'streamed-by-room',
    containerMebibytes,
    nodeArgs: heapMebibytes === undefined ? [] : [`--max-old-space-size=${heapMebibytes}`],
    env,
  });
}

export async function largeClaims(isShort: boolean): Promise<readonly Claim[]> {
  const inputs = createInputs();
  try {
    const oneBytes = (isShort ? 120 : 500) * MB;
    const one = inputs.make('one', oneBytes);
    const ten = Array.from({ length: 10 }, (_, index) => inputs.make(`ten-${index}`, (isShort ? 12 : 50) * MB));
    return [...(await oneClaims(one, oneBytes, isShort)), ...(await batchClaims(ten)), await streamClaim(one)];
  } finally {
    inputs.remove();
  }
}

async function oneClaims(file: string, bytes: number, isShort: boolean): Promise<readonly Claim[]> {
  const container = isShort ? 128 : 256;
  const whole = lastTold(await work('whole', [file], { heapMebibytes: ROOMY_MEBIBYTES }));
  const tightMebibytes = Math.ceil((bytes * TIGHT_RATIO) / 2 ** 20);
  const tight = lastTold(await work('whole', [file], { heapMebibytes: tightMebibytes }));
  const died = await work('whole', [file], { containerMebibytes: container });
  const survived = await work('chunks', [file], { containerMebibytes: container });
  const chunks = lastTold(survived);
  assertSame(whole, chunks);
  const completes = howEnded(died.result) !== 'finished' && howEnded(survived.result) === 'finished';
  return [
    {
      what: 'one large input, peak',
      before: megabytes(whole.peakBytes),
      after: megabytes(chunks.peakBytes),
      measured: change(whole.peakBytes, chunks.peakBytes),
      wanted: -83,
      unit: '%',
      is: 'at most',
      note: 'adaptiveChunks and waitForHeadroom instead of readFile; the same result',
    },
    {
      what: `one large input in a container of ${container} MiB, completes`,
      before: howEnded(died.result),
      after: howEnded(survived.result),
      measured: completes ? 1 : 0,
      wanted: 1,
      unit: 'x',
      is: 'at least',
      note: 'the same programs',
    },
    {
      what: 'one large input, time (45 -> 8 s)',
      before: `${tight.seconds.toFixed(1)} s`,
      after: `${chunks.seconds.toFixed(1)} s`,
      measured: tight.seconds / chunks.seconds,
      wanted: 45 / 8,
      unit: 'x',
      is: 'at least',
      note: `the whole in the least heap with which it ends, ${tightMebibytes} MiB (${whole.seconds.toFixed(1)} s with all it wants), the chunks in ${container} MiB; the work per row is the same, and nothing swaps`,
    },
  ];
}

async function batchClaims(files: readonly string[]): Promise<readonly Claim[]> {
  const atOnce = lastTold(await work('whole', files, { heapMebibytes: ROOMY_MEBIBYTES }));
  const inTurn = lastTold(await work('chunks', files, { containerMebibytes: 256 }));
  assertSame(atOnce, inTurn);
  const perMinute = (told: Told): number => (files.length / told.seconds) * 60;
  return [
    {
      what: 'a batch of ten, peak',
      before: megabytes(atOnce.peakBytes),
      after: megabytes(inTurn.peakBytes),
      measured: change(atOnce.peakBytes, inTurn.peakBytes),
      wanted: -75,
      unit: '%',
      is: 'at most',
      note: 'one after the other in chunks, instead of Promise.all of readFile; the same result',
    },
    {
      what: 'a batch of ten, files a minute (2 -> 15)',
      before: `${perMinute(atOnce).toFixed(0)} a minute`,
      after: `${perMinute(inTurn).toFixed(0)} a minute`,
      measured: perMinute(inTurn) / perMinute(atOnce),
      wanted: 15 / 2,
      unit: 'x',
      is: 'at least',
      note: 'with all the memory it wants; a batch that swaps, or dies and starts again, is what the claim was made of',
    },
  ];
}

/** Both hand on what they read without waiting for it to arrive: as many chunks as a person chose, and as many as there is room for. */
async function streamClaim(file: string): Promise<Claim> {
  const env = { PLIMSOLL_PROCESS_BUDGET: `${STREAM_BUDGET_MEBIBYTES}MiB` };
  const fixed = lastTold(await work('streamed', [file], { chunkBytes: STREAM_CHUNK_BYTES }));
  const byRoom = lastTold(await work('streamed-by-room', [file], { chunkBytes: STREAM_CHUNK_BYTES, env }));
  assertSame(fixed, byRoom);
  return {
    what: 'streamed, peak (250 -> 150 MB)',
    before: megabytes(fixed.peakBytes),
    after: megabytes(byRoom.peakBytes),
    measured: change(fixed.peakBytes, byRoom.peakBytes),
    wanted: (150 / 250 - 1) * 100,
    unit: '%',
    is: 'at most',
    note: `waitForHeadroom, PLIMSOLL_PROCESS_BUDGET=${STREAM_BUDGET_MEBIBYTES}MiB; ${fixed.seconds.toFixed(1)} -> ${byRoom.seconds.toFixed(1)} s`,
  };
}

/** However it was cut. */
function assertSame(one: Told, other: Told): void {
  const result = ({ rows, flux, brightest, names }: Told): string => JSON.stringify([rows, flux, brightest, names]);
  if (result(one) !== result(other)) throw new Error(`results differ: ${result(one)} and ${result(other)}`);
}
