/** Takes OTLP metrics, counts the series of ours in each request, and can be away for a while. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { bodyOf } from '../../helpers/otlp-protobuf.ts';
import { OUR_SCOPE } from '../../helpers/telemetry.ts';

export interface Receiver {
  /** OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** In the latest request that had any; NaN: none came yet. */
  series(): number;
  requests(): number;
  /** Connections are refused from now on, and those there are cut. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

interface Points {
  readonly dataPoints?: readonly unknown[];
}
interface Request {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics?: readonly {
      readonly scope?: { readonly name?: string };
      readonly metrics?: readonly { readonly gauge?: Points; readonly sum?: Points; readonly histogram?: Points }[];
    }[];
  }[];
}

export async function startReceiver(): Promise<Receiver> {
  let series = Number.NaN;
  let requests = 0;
  function take(request: Request): void {
    requests += 1;
    const count = countOurs(request);
    if (count > 0) series = count;
  }
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    buffer(request)
      .then((bytes) => take(bodyOf({ path, headers: request.headers, bytes, json: undefined }) as Request))
      .catch(() => {}) // cut off in the middle
      .finally(() => response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end());
  });
  const port = await listen(server, 0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    series: () => series,
    requests: () => requests,
    leave: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: async () => void (await listen(server, port)),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function countOurs({ resourceMetrics = [] }: Request): number {
  const ours = resourceMetrics
    .flatMap(({ scopeMetrics = [] }) => scopeMetrics)
    .filter(({ scope }) => scope?.name === OUR_SCOPE);
  const points = ours.flatMap(({ metrics = [] }) =>
    metrics.map(({ gauge, sum, histogram }) => gauge ?? sum ?? histogram),
  );
  return points.reduce((count, data) => count + (data?.dataPoints?.length ?? 0), 0);
}
