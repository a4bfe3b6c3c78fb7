/** Text without what differs between any two runs: durations, times, pids, ephemeral ports, the order of parallel work. */
export function comparable(text: string): string {
  return REPLACEMENTS.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text);
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  // frames of Node's own that are there when a timer of somebody else was due in the same turn
  [/^ +at runNextTicks .*\n +at process\.processTimers .*\n/gm, ''],
  [/\(node:\d+\)/g, '(node)'],
  [/\d+(\.\d+)?\s?(ms|s|µs|KiB|MiB)\b/g, 'N'],
  [/listening as \d+/g, 'listening'],
  // fastify
  [/"(time|pid|remotePort|responseTime)":[\d.]+/g, '"$1":N'],
  // NestJS
  [/\[Nest\] \d+ +- .*? (AM|PM)/g, '[Nest]'],
  // Vitest
  [/^( +Start at +)[\d:]+/gm, '$1N'],
  // after which come shares of it, and advice where a machine is slow
  [/^( +Duration +)N[\s\S]*/gm, '$1N'],
];

/** For programs whose parts run at the same time: the lines in one order. */
export function inOneOrder(text: string): string {
  return text.split('\n').toSorted().join('\n');
}
