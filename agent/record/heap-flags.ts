/** Flags of V8 and Node.js that shape the heap. Each takes a number or nothing, so no secret can hide in one. */
const HEAP_FLAG =
  /^--(?:max[-_]old[-_]space[-_]size(?:[-_]percentage)?|(?:max|min)[-_]semi[-_]space[-_]size|semi[-_]space[-_]growth[-_]factor|(?:max|initial)[-_]heap[-_]size|initial[-_]old[-_]space[-_]size|optimize[-_]for[-_]size|lite[-_]mode|expose[-_]gc|single[-_]threaded[-_]gc|heapsnapshot[-_]near[-_]heap[-_]limit)(?:=\d+(?:\.\d+)?)?$/;

/**
 * What a ring file may tell about the command line: the heap flags of `process.execArgv` and NODE_OPTIONS and nothing
 * else, since both may hold secrets.
 */
export function heapFlags(execArgv: readonly string[], nodeOptions: string): readonly string[] {
  return [...nodeOptions.split(/\s+/), ...execArgv].filter((word) => HEAP_FLAG.test(word));
}
