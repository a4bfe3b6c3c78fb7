import type { ExporterParts } from '../../agent/model/exporter.ts';
import type { OtlpTarget } from '../../agent/model/otlp.ts';
import { problem } from '../../agent/model/problem.ts';
import { encodingOf, type Encoding } from './encoding.ts';
import { createSender, type How, type Reply } from './send.ts';

/** Where one signal goes: what the collector's answers mean, and what is told of them. */
export interface Outlet {
  readonly encoding: Encoding;
  post(body: Uint8Array, how?: How): Promise<Outcome>;
  /** The collector asked to be left alone for a while. */
  isToWait(): boolean;
  isFailing(): boolean;
  close(): void;
}

/** `later`: the same may be taken another time. `never`: it will not be. */
export type Outcome = 'taken' | 'later' | 'never';

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE = new Set([429, 502, 503, 504]);
/** A collector's word is taken up to this. */
const MAX_WAIT_MS = 600_000;

export interface OutletParts extends Pick<ExporterParts, 'clock' | 'otlp' | 'onTrouble' | 'onRecovered'> {
  readonly agentVersion: string;
}

export function createOutlet(signal: 'metrics' | 'logs', target: OtlpTarget, parts: OutletParts): Outlet {
  const { clock } = parts;
  const encoding = encodingOf(target.protocol);
  const sender = createSender(target, clock, `plimsoll/${parts.agentVersion}`);
  const reason = `otlp_${signal}_failed`;
  /** No credentials, and no query: either may hold a secret. */
  const place = `${target.url.origin}${target.url.pathname}`;
  let waitUntilMs = 0;
  let failing = false;
  let wasReleased = false;
  let closed = false;

  function judge(reply: Reply): Outcome {
    if (reply.status === undefined) {
      if (closed) return 'later'; // what was under way was cut by us
      const isFirst = reply.isReleased && !wasReleased; // the process ends, most likely: nobody needs to know
      wasReleased = reply.isReleased;
      return isFirst ? 'later' : failed(reply.why, 'later');
    }
    const { status, headers, body } = reply;
    const says = headers['content-type'] ?? '';
    if (status < 200 || status > 299) {
      waitUntilMs = clock.monotonicMs() + retryAfterMs(headers['retry-after'], clock.wallMs());
      return failed(refusal(status, headers.location), RETRYABLE.has(status) ? 'later' : 'never');
    }
    if (says.startsWith('text/html')) return failed('a web page answers, no OTLP receiver', 'never');
    const rejected = encoding.rejected(body);
    if (rejected === undefined) return recovered();
    failed(`${rejected.count} of what was sent was rejected: ${shortened(rejected.why)}`, 'never');
    return 'taken';
  }

  function failed(why: string, outcome: Outcome): Outcome {
    failing = true;
    const detail = `${place} does not take ${signal} (${why})`;
    const repair =
      signal === 'metrics'
        ? 'see that a collector answers there, or set OTEL_EXPORTER_OTLP_ENDPOINT'
        : 'see that a collector answers there, or set OTEL_LOGS_EXPORTER=none';
    const now = `Trying again every ${parts.otlp.intervalMs / 1000} s; the application is not affected.`;
    parts.onTrouble({ reason, detail, repair }, problem('PLM_OTLP_FAILED', `${detail}. ${now}`));
    return outcome;
  }

  function recovered(): Outcome {
    if (failing) parts.onRecovered(reason);
    failing = false;
    return 'taken';
  }

  return {
    encoding,
    post: async (body, how) => judge(await sender.send(body, encoding.contentType, how)),
    isToWait: () => clock.monotonicMs() < waitUntilMs,
    isFailing: () => failing,
    close() {
      closed = true;
      sender.close();
    },
  };
}

function refusal(status: number, location: string | undefined): string {
  const redirect = status >= 300 && status < 400 && location !== undefined;
  return redirect ? `status ${status}; redirects are not followed` : `status ${status}`;
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | undefined, wallMs: number): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - wallMs;
  return ms > 0 ? Math.min(ms, MAX_WAIT_MS) : 0;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
