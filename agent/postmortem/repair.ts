/** What would have helped, as far as the numbers tell. Pure. */
import type { Verdict } from '../model/postmortem.ts';
import { bytesText } from '../model/quantity.ts';
import type { Row } from '../model/row.ts';
import { valueOf } from './course.ts';
import { fittingNodeOptions, heapFitOf, type HeapFit } from './heap-fit.ts';

const WORKER_FULL_RATIO = 0.8;

/** null: they tell nothing. */
export function repairOf({ cause }: Pick<Verdict, 'cause'>, row: Row): string | null {
  switch (cause) {
    case 'v8_oom':
      return heapRepair(heapFitOf(row));
    case 'kernel_oom':
      return hasContainerLimit(row) ? containerRepair(row) : null;
    case 'crash':
      return (valueOf(row, 'workerUtilizationRatio') ?? 0) >= WORKER_FULL_RATIO ? workerRepair(row) : null;
    case 'killed':
      return valueOf(row, 'level') === 0
        ? 'memory was not short then: look for another cause, such as a time limit, a probe or a person'
        : null;
    case 'exit':
    default:
      return null;
  }
}

function hasContainerLimit(row: Row): boolean {
  return (valueOf(row, 'cgroupLimitBytes') ?? Infinity) < Infinity;
}

function heapRepair(fit: HeapFit | undefined): string {
  const largestMib = fit?.fittingOldMib;
  if (fit !== undefined && (largestMib ?? 0) * 2 ** 20 <= fit.oldBytes) {
    return `the heap was full and ${bytesText(fit.limitBytes)} have no room for a larger one; raise both limits, or find what holds the objects`;
  }
  const flag = largestMib === undefined ? '' : ` (at most NODE_OPTIONS=--max-old-space-size=${largestMib} fits)`;
  return `the heap was full; raise --max-old-space-size${flag}, or find what holds the objects`;
}

/** Its death is an error of the application, not an abort. */
function workerRepair(row: Row): string {
  const who = `worker thread ${valueOf(row, 'workerThreadId') ?? ''}`.trim();
  return `${who} was full; raise maxOldGenerationSizeMb in its resourceLimits (--max-old-space-size where that is set, which overrides it), or find what holds the objects`;
}

function containerRepair(row: Row): string {
  const fit = heapFitOf(row);
  const outsideBytes = valueOf(row, 'heapExternalBytes') ?? 0;
  const heapBytes = valueOf(row, 'heapUsedBytes') ?? 0;
  if (outsideBytes <= heapBytes) return fitRepair(fit);
  const held = `Buffers and the like held ${bytesText(outsideBytes)}, the heap ${bytesText(heapBytes)}: find who holds them, or raise the container's limit`;
  return fit === undefined || fit.fits ? held : `${held}. And ${fitRepair(fit)}`;
}

function fitRepair(fit: HeapFit | undefined): string {
  if (fit === undefined || fit.fits) {
    return "the heap fits the container, so native memory or a neighbour filled it; raise the container's limit, or find who holds it";
  }
  const nodeOptions = fittingNodeOptions(fit);
  return nodeOptions === undefined
    ? `${bytesText(fit.limitBytes)} are too little for any heap beside Node.js itself; raise the container's limit`
    : `the heap may grow to ${bytesText(fit.oldBytes + fit.youngBytes)} and does not fit the container; NODE_OPTIONS=${nodeOptions} does`;
}
