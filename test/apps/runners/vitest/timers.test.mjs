import { expect, test, vi } from 'vitest';

test('fake timers stand still while real time passes', () => {
  vi.useFakeTimers();
  const called = vi.fn();
  setTimeout(called, 1000);
  vi.advanceTimersByTime(1000);
  expect(called).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
