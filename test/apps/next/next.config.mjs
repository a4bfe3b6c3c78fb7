// a lock file further up would be taken for the root of the application
const root = import.meta.dirname;

export default {
  outputFileTracingRoot: root,
  turbopack: { root },
  output: process.env.NEXT_OUTPUT,
  generateBuildId: () => 'the same each time',
};
