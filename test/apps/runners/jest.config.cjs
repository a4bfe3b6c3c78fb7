module.exports = {
  testMatch: ['<rootDir>/jest/*.test.js'],
  testEnvironment: 'node',
  // a cache of an earlier run would make the second of two runs another one
  cache: false,
  watchman: false,
};
