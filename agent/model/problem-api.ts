/** Of PROBLEMS: the HTTP API of the sidecar. */
export const API_PROBLEMS = {
  PLM_API_LISTEN: {
    severity: 'warn',
    when: "the sidecar's HTTP API cannot be opened (port taken, address not local)",
    now: 'the sidecar goes on without API and page, and tries again each second; a taken port is told when it still is after ten seconds',
  },
  PLM_API_TOKEN: {
    severity: 'warn',
    when: 'the HTTP API would listen beyond loopback without a token, or the token file cannot be read, can be read by every user, or holds no token',
    now: 'the sidecar goes on without API and page; a token from before stays in force',
  },
  PLM_API_REQUEST: {
    severity: 'warn',
    when: 'what was sent to the HTTP API is no HTTP request, or was not whole in time',
    now: 'the answer is 400 or 408',
  },
  PLM_API_PARAMETER: {
    severity: 'warn',
    when: 'a parameter of a route of the HTTP API is not known or cannot be read',
    now: 'nothing is done; the answer is 400',
  },
  PLM_API_BODY: {
    severity: 'warn',
    when: 'the body sent to the HTTP API is not JSON, or is too large',
    now: 'nothing is done; the answer is 400, 413 or 415',
  },
  PLM_API_UNAUTHORIZED: {
    severity: 'warn',
    when: 'the HTTP API was asked without its token, or with a wrong one',
    now: 'nothing is done; the answer is 401',
  },
  PLM_API_FOREIGN: {
    severity: 'warn',
    when: 'the HTTP API was asked under a foreign Host, or by a page of another origin',
    now: 'nothing is done; the answer is 403',
  },
  PLM_API_NEEDS_TOKEN: {
    severity: 'warn',
    when: 'a route of the HTTP API that shows captures or changes something was called, and no token is set',
    now: 'nothing is done; the answer is 403',
  },
  PLM_API_WRITE_OFF: {
    severity: 'warn',
    when: 'a route of the HTTP API that changes something was called, and `PLIMSOLL_API_WRITE` is off',
    now: 'nothing is done; the answer is 403',
  },
  PLM_API_NOT_FOUND: {
    severity: 'warn',
    when: 'the HTTP API was asked for a route, a process, a cache, a post-mortem or a capture that is not known',
    now: 'nothing is done; the answer is 404',
  },
  PLM_API_METHOD: {
    severity: 'warn',
    when: 'a route of the HTTP API was called with a method that it does not have',
    now: 'nothing is done; the answer is 405 and names those it has',
  },
  PLM_API_TOO_LONG: {
    severity: 'warn',
    when: 'the query or the headers sent to the HTTP API are too long',
    now: 'nothing is done; the answer is 414 or 431',
  },
  PLM_API_TOO_MANY: {
    severity: 'warn',
    when: 'one address asks the HTTP API too often, or without the right token again and again',
    now: 'nothing is done; the answer is 429 and says when to try again',
  },
  PLM_API_BUSY: {
    severity: 'warn',
    when: 'the HTTP API has as many streams or unread answers open as there can be',
    now: 'nothing is done; the answer is 503 and says when to try again',
  },
  PLM_API_UNREACHABLE: {
    severity: 'warn',
    when: 'the HTTP API was asked to change something in a process whose agent cannot be reached or refused it',
    now: 'the answer names it; where none of the processes did it, 503, or 409 for what it refuses',
  },
  PLM_API_UNREADABLE: {
    severity: 'warn',
    when: 'the HTTP API was asked for captures that the sidecar may not read',
    now: 'the answer is 503',
  },
  PLM_API_FAILED: {
    severity: 'error',
    when: 'a route of the HTTP API failed for a reason it did not foresee',
    now: 'the answer is 500; the line is worth a bug report',
  },
} as const;
