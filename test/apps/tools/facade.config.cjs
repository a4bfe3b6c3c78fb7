// an application of another folder, named by the environment, as one file for Node.js
module.exports = {
  mode: 'production',
  target: 'node',
  context: process.env.CONTEXT,
  entry: './facade.mjs',
  output: { path: process.env.OUT, filename: 'webpack.cjs' },
};
