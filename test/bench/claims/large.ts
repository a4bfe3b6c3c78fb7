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

type How = 'whole' | 'fixed' | 'chunks';

const MB = 1e6;
const CHUNK_BYTES = 4 * 2 ** 20;
/** A person's choice on a large machine. */
const LARGE_CHUNK_BYTES = 32 * 2 ** 20;
/** What takes the whole at once needs more heap than V8 gives by itself. */
const ROOMY = ['--max-old-space-size=12000'];

async function work(
  how: How,
  files: readonly string[],
  container?: number,
  chunkBytes = CHUNK_BYTES,
): Promise<Ran<Told>> {
  const isGuarded = how === 'chunks';
  const nodeArgs = how === 'whole' && container === undefined ? ROOMY : [];
  return await run<Told>({
    program: 'input',
    given: { files, how, chunkBytes },
    isGuarded,
    containerMebibytes: container,
    nodeArgs,
  });
}

export async function largeClaims(isShort: boolean): Promise<readonly Claim[]> {
  const inputs = createInputs();
  try {
    const one = inputs.make('one', (isShort ? 120 : 500) * MB);
    const ten = Array.from({ length: 10 }, (_, index) => inputs.make(`ten-${index}`, (isShort ? 12 : 50) * MB));
    return [...(await oneClaims(one, isShort)), ...(await batchClaims(ten)), await streamClaim(one, isShort)];
  } finally {
    inputs.remove();
  }
}

async function oneClaims(file: string, isShort: boolean): Promise<readonly Claim[]> {
  const container = isShort ? 128 : 256;
  const whole = lastTold(await work('whole', [file]));
  const died = await work('whole', [file], container);
  const survived = await work('chunks', [file], container);
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
      before: `${whole.seconds.toFixed(1)} s`,
      after: `${chunks.seconds.toFixed(1)} s`,
      measured: whole.seconds / chunks.seconds,
      wanted: 45 / 8,
      unit: 'x',
      is: 'at least',
      note: 'with all the memory it wants the whole is slowed by its own collections only; the work per row is the same',
    },
  ];
}

async function batchClaims(files: readonly string[]): Promise<readonly Claim[]> {
  const atOnce = lastTold(await work('whole', files));
  const inTurn = lastTold(await work('chunks', files, 256));
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
      note: 'as above: without swapping there is less to win',
    },
  ];
}

/** Both stream; the one with the chunk that a person chose, the other lets it shrink in the container. */
async function streamClaim(file: string, isShort: boolean): Promise<Claim> {
  const fixed = lastTold(await work('fixed', [file], undefined, LARGE_CHUNK_BYTES));
  const adaptive = lastTold(await work('chunks', [file], isShort ? 160 : 192, LARGE_CHUNK_BYTES));
  assertSame(fixed, adaptive);
  return {
    what: 'streamed, peak (250 -> 150 MB)',
    before: megabytes(fixed.peakBytes),
    after: megabytes(adaptive.peakBytes),
    measured: change(fixed.peakBytes, adaptive.peakBytes),
    wanted: (150 / 250 - 1) * 100,
    unit: '%',
    is: 'at most',
    note: `chunks of ${LARGE_CHUNK_BYTES / 2 ** 20} MiB; without a container, and shrinking in a small one`,
  };
}

/** However it was cut. */
function assertSame(one: Told, other: Told): void {
  const result = ({ rows, flux, brightest, names }: Told): string => JSON.stringify([rows, flux, brightest, names]);
  if (result(one) !== result(other)) throw new Error(`results differ: ${result(one)} and ${result(other)}`);
}
