/** Names that the application gives become attributes of metrics, so there is an end to them: later ones share `_other`. */

/** Of each kind. */
export const MAX_NAMES = 20;
const OTHER_NAME = '_other';

/** Answers the name that is shown. `onFull` is called once, with the first name that found no room. */
export function createBoundedNames(onFull: (name: string) => void): (wanted: string) => string {
  const names = new Set<string>();
  let isFull = false;
  return (wanted) => {
    if (names.has(wanted)) return wanted;
    if (names.size < MAX_NAMES) {
      names.add(wanted);
      return wanted;
    }
    if (!isFull) onFull(wanted);
    isFull = true;
    return OTHER_NAME;
  };
}
