/** Calls `step`, which keeps STEP_BYTES more, as often as the first argument says in MB/s; the loop is free in between. */
export function grow(step) {
  setInterval(() => step(), STEP_BYTES / 1000 / Number(process.argv[2]));
}

/** With what the runtime adds to it, under 1 MB. */
export const STEP_BYTES = 850_000;

/** A different value each time, the same ones in each run. */
let state = 1;
export function next() {
  state = (state * 48_271) % 2_147_483_647;
  return state;
}
