import type { ClientRequest } from 'node:http';

import type { ExporterClock } from '../../agent/model/exporter.ts';

/**
 * A connection in the making keeps the process alive however unref'd its socket is: to libuv it is a request under way, and so are a DNS
 * query and a write that the other side does not take. So while a request is in that state, it is looked whether the application has anything
 * of its own left to wait for; if not, the request is given up, and the process ends as it would have.
 */
const FIRST_LOOK_MS = 20;
const LOOK_MS = 50;

/** What a request of ours may show as. An application that has nothing but these loses an export at most. */
const OURS = new Set(['ConnectWrap', 'TCPConnectWrap', 'QueryReqWrap', 'GetAddrInfoReqWrap', 'WriteWrap']);

/** Returns what ends the watch. */
export function releaseWhenAlone(request: ClientRequest, clock: ExporterClock, release: () => void): () => void {
  let cancel: (() => void) | undefined;
  function look(): void {
    if (isAlone()) return release();
    cancel = clock.setTimer(look, LOOK_MS);
  }
  const stop = (): void => cancel?.();
  cancel = clock.setTimer(look, FIRST_LOOK_MS);
  request.once('finish', stop); // connected, and all of it handed to the kernel
  return stop;
}

function isAlone(): boolean {
  const alive = process.getActiveResourcesInfo().filter((kind) => !OURS.has(kind));
  return alive.length <= outputs();
}

interface WithHandles {
  /** Undocumented and old; without it the outputs keep the process as alive as anything else. */
  _getActiveHandles?(): readonly { readonly fd?: number }[];
}

/** stdout and stderr are listed when they are pipes or terminals, though they keep nothing alive. */
function outputs(): number {
  const handles = (process as WithHandles)._getActiveHandles?.() ?? [];
  return handles.filter(({ fd }) => fd === 1 || fd === 2).length;
}
