const { join } = require('node:path');

const project = join(__dirname, 'project');

module.exports = (env) => ({
  context: project,
  mode: 'production',
  target: 'node',
  devtool: 'source-map',
  entry: `./${env.entry}.js`,
  output: { path: join(__dirname, env.out), filename: 'main.cjs', library: { type: 'commonjs2' } },
  module: {
    // in worker processes of their own
    rules: [
      { test: /\.txt$/, use: [{ loader: 'thread-loader', options: { workers: 2 } }, join(project, 'text-loader.cjs')] },
    ],
  },
});
