/** A program that begins under pressure: something holds memory up to its budget before its first line runs. */
import { fileURLToPath } from 'node:url';

/** For `--import`. */
export const BALLAST = fileURLToPath(new URL('../fixtures/apps/examples/ballast.mjs', import.meta.url));

/** The environment of such a program: at critical, with nothing that could be given back. */
export function heldTo(budgetMebibytes: number): Record<string, string> {
  const bytes = budgetMebibytes * 2 ** 20;
  return {
    PLIMSOLL_EXPORTER: 'none',
    PLIMSOLL_CAPTURE: 'off',
    PLIMSOLL_PROCESS_BUDGET: String(bytes),
    BALLAST_BYTES: String(bytes),
  };
}
