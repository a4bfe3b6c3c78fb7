/** The sidecar's HTTP API. A token goes into a header, never into an address. */
const TOKEN_KEY = 'plimsoll-token';

export interface Api {
  get<T>(path: string, query?: Readonly<Record<string, string | number>>): Promise<T>;
  /** The body of `GET /api/v1/events`. */
  events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  hasToken(): boolean;
  setToken(token: string): void;
}

/** Answered, but not with what was asked for. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

export function createApi(): Api {
  async function ask(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
    const token = sessionStorage.getItem(TOKEN_KEY);
    const response = await fetch(path, {
      headers: { accept, ...(token !== null && { authorization: `Bearer ${token}` }) },
      cache: 'no-store',
      ...(signal && { signal }),
    });
    if (!response.ok) throw new ApiError(response.status, await problemOf(response));
    return response;
  }
  return {
    async get<T>(path: string, query: Readonly<Record<string, string | number>> = {}) {
      const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
      const response = await ask(`api/v1/${path}${search.size > 0 ? `?${search.toString()}` : ''}`, 'application/json');
      return (await response.json()) as T;
    },
    async events(signal) {
      const { body } = await ask('api/v1/events', 'text/event-stream', signal);
      if (body === null) throw new Error('The stream of events has no body');
      return body;
    },
    hasToken: () => sessionStorage.getItem(TOKEN_KEY) !== null,
    setToken: (token) => sessionStorage.setItem(TOKEN_KEY, token),
  };
}

/** RFC 9457. */
async function problemOf(response: Response): Promise<string> {
  try {
    const { title, detail } = (await response.json()) as { readonly title?: string; readonly detail?: string };
    return detail ?? title ?? `HTTP ${response.status}`;
  } catch {
    return `HTTP ${response.status}`;
  }
}
