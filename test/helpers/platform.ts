/** Why a test is skipped where it has no meaning; for `{ skip }`. */

/** `needs`: completes "needs …". */
export function unlessLinux(needs: string): string | false {
  return process.platform === 'linux' ? false : `needs ${needs}, which Linux has`;
}

export function onWindows(needs: string): string | false {
  return process.platform === 'win32' ? `needs ${needs}, which Windows has not` : false;
}
