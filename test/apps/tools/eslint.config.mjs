export default [
  { files: ['lint/*.mjs'], rules: { 'no-unused-vars': 'error', eqeqeq: 'warn', 'prefer-const': 'error' } },
];
