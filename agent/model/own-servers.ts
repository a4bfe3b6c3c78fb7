/** Servers of the agent itself, in the process of the application: they are none of the application's. */
export const OWN_SERVERS = new WeakSet<object>();
