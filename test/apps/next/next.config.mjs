// a lock file further up would be taken for the root of the application
export default { outputFileTracingRoot: import.meta.dirname, turbopack: { root: import.meta.dirname }, output: process.env.NEXT_OUTPUT };
