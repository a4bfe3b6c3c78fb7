test('fake timers stand still while real time passes', () => {
  jest.useFakeTimers();
  const called = jest.fn();
  setTimeout(called, 1000);
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(1000);
  expect(called).toHaveBeenCalledTimes(1);
});
