test('one and one is three', () => {
  expect(1 + 1).toBe(3);
});
