/** Names that become labels of series: few, each once. */
import { problem, type Problem } from '../../agent/model/problem.ts';

const MAX_NAMES = 64;
const MAX_LENGTH = 100;
/** Of all that come when so many names are in use. */
export const OTHER = '_other';

export interface Names {
  /** The name, or `name-2`, `name-3` … while it is in use. */
  take(name: string): string;
  release(name: string): void;
}

export function createNames(onProblem: (problem: Problem) => void): Names {
  const used = new Set<string>();
  let isTold = false;

  return {
    take(wanted) {
      if (used.size >= MAX_NAMES) {
        if (!isTold) {
          isTold = true;
          const found = `${MAX_NAMES} caches have names, "${wanted.slice(0, MAX_LENGTH)}" would be one more`;
          onProblem(problem('PLM_CACHE_NAMES', `${found}. It and later ones are told together as ${OTHER}.`));
        }
        return OTHER;
      }
      const short = wanted.slice(0, MAX_LENGTH);
      let name = short;
      for (let number = 2; used.has(name); number++) name = `${short}-${number}`;
      used.add(name);
      return name;
    },
    release: (name) => void used.delete(name),
  };
}
