// A small service by require.
const { serve } = require('./commands.cjs');

serve({
  node: { http: require('node:http'), fs: require('node:fs'), dns: require('node:dns') },
  loadTelemetry: async () => require('./telemetry.cjs'),
});
