/** Which targets of requests are never refused. */

/** Before the path of a target in absolute form, as a proxy may send it (RFC 9112, section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** `paths` and all below them. */
export function createExemption(paths: readonly string[]): (target: string) => boolean {
  const exempt = paths.map((path) => path.replace(/\/+$/, ''));
  return (target) => {
    const [path = ''] = target.replace(ORIGIN, '').split(/[?#]/, 1);
    return exempt.some((each) => path === each || path.startsWith(`${each}/`));
  };
}
