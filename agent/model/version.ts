/** Same as package.json's (guard test). */
export const VERSION = '0.1.0';

/** Oldest Node.js the agent runs in: what the current OpenTelemetry SDK requires. */
export const OLDEST_NODE: readonly [major: number, minor: number] = [22, 15];
