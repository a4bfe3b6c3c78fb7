/** The web page's files, as the HTTP API serves them: no token is asked for them, since the page itself asks for it. */

/** Put here by scripts/build.ts from scripts/page.ts; a process that runs from the sources has no page. */
declare const PLIMSOLL_PAGE: PageTexts;

export interface PageTexts {
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

export interface PageAsset {
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly cacheControl?: string;
}

/**
 * Nothing from elsewhere, no inline script or style, and no text that becomes markup: names on the page come from applications. For `/` above
 * all; it harms nowhere.
 */
export const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Path → file. */
export function pageAssets(): ReadonlyMap<string, PageAsset> {
  return typeof PLIMSOLL_PAGE === 'undefined' ? new Map() : assetsOf(PLIMSOLL_PAGE);
}

/** A sidecar of another version may answer at the same address tomorrow, so nothing is kept without asking. */
export function assetsOf({ html, script, style }: PageTexts): ReadonlyMap<string, PageAsset> {
  const cacheControl = 'no-cache';
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html, cacheControl }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: script, cacheControl }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: style, cacheControl }],
  ]);
}
