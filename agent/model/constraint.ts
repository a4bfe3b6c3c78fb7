/**
 * The ceilings that can kill or throttle a process.
 *
 * - `heap`: V8's old generation against its true limit.
 * - `container`: the cgroup level (own or ancestor) that is fullest against its limit.
 * - `budget`: the ceiling the user set for the process's RSS.
 * - `throttle`: cgroup v2 `memory.high`; the kernel slows the group down there, it does not kill.
 * - `host`: MemTotal against MemAvailable.
 * - `worker`: the worker thread whose old generation is fullest against its own limit. Last, since records hold indexes into this list.
 */
export const CONSTRAINTS = ['heap', 'container', 'budget', 'throttle', 'host', 'worker'] as const;

export type Constraint = (typeof CONSTRAINTS)[number];
