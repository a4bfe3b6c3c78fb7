/** The part of problem.ts about the control socket of an agent. */
export const CONTROL_PROBLEMS = {
  PLM_CONTROL_SOCKET: {
    severity: 'warn',
    when: 'the control socket in PLIMSOLL_DIR cannot be opened',
    now: 'this process cannot be asked and exports by itself; the ring file is written as before',
  },
  PLM_CONTROL_UNKNOWN: {
    severity: 'warn',
    when: 'the control socket was asked for something that it does not know',
    now: 'nothing is done; the others are answered',
  },
  PLM_CONTROL_INVALID: {
    severity: 'warn',
    when: 'a request on the control socket has a field that is not of its kind; or what came is no request, is too long, or does not begin with hello',
    now: 'nothing is done; what is no request ends the connection',
  },
  PLM_CONTROL_BUSY: {
    severity: 'warn',
    when: 'sixteen are connected to the control socket of one process',
    now: 'the connection ends; one later may have room',
  },
  PLM_CONTROL_REFUSED: {
    severity: 'warn',
    when: 'a process did not do what it was asked for through its control socket: a capture that is off or has no room, a cache that is not known, an answer that would be too long',
    now: 'nothing is done; the answer says why',
  },
  PLM_CONTROL_FAILED: {
    severity: 'error',
    when: 'a process cannot be asked through its control socket: no permission, no answer in time, it ended',
    now: 'a command ends with exit code 1; a sidecar tries again',
  },
} as const;
