/** Whether somebody listens on a control socket: the kernel answers for it, also when the process's event loop is blocked. */
import { connect } from 'node:net';

import { withReachable } from './path.ts';

/** `unanswered`: there is a process. `refused`: its death left the file behind. `none`: nothing to connect to, or not for us. */
export type Listener = 'unanswered' | 'refused' | 'none';

/** Never keeps this process alive, and never rejects. */
export function probeSocket(path: string): Promise<Listener> {
  return new Promise((resolve) => {
    try {
      withReachable(path, process.platform, (reachable) => {
        const socket = connect(reachable);
        socket.unref();
        socket.once('connect', () => {
          socket.destroy();
          resolve('unanswered');
        });
        socket.once('error', ({ code }: NodeJS.ErrnoException) => {
          // too many wait already
          resolve(code === 'ECONNREFUSED' ? 'refused' : code === 'EAGAIN' ? 'unanswered' : 'none');
        });
      });
    } catch {
      resolve('none');
    }
  });
}
