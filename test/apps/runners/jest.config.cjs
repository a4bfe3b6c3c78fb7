module.exports = {
  testMatch: ['<rootDir>/jest/*.test.js'],
  testEnvironment: 'node',
  // a cache of an earlier run would make the second of two runs another one
  cache: false,
  watchman: false,
  // what is slow is told of, and that would be chance
  slowTestThreshold: 60,
};
