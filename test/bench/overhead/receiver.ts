/** The benchmark's hold on receiver-program.ts. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Received {
  readonly requests: number;
  readonly bytes: number;
  /** Requests in which a metric of ours stands. */
  readonly ofOurs: number;
}

export interface Receiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT; what comes there is counted under `name`. */
  endpoint(name: string): string;
  received(name: string): Promise<Received>;
  close(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const child = fork(fileURLToPath(new URL('./receiver-program.ts', import.meta.url)));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    endpoint: (name) => `http://127.0.0.1:${port}/${name}`,
    received: async (name) => {
      child.send(name);
      const [counted] = (await once(child, 'message')) as [Received];
      return counted;
    },
    close: () => child.disconnect(),
  };
}
