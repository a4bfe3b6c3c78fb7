/**
 * Sees the instances of a class by the calls of a method. While it looks, the prototype has a method that tells of `this` and goes on to
 * the one that was there; else the class is as its library made it.
 */

export interface WatchedMethod {
  open(): void;
  close(): void;
}

export function watchMethod(prototype: object, name: string, onInstance: (instance: unknown) => void): WatchedMethod {
  let isOpen = false;
  let putBack = (): void => {};

  return {
    open() {
      const found = Object.getOwnPropertyDescriptor(prototype, name);
      if (isOpen || typeof found?.value !== 'function' || found.configurable !== true) return;
      isOpen = true;
      const method: (...args: unknown[]) => unknown = found.value;
      const telling = function (this: unknown, ...args: unknown[]): unknown {
        if (isOpen) onInstance(this);
        return Reflect.apply(method, this, args);
      };
      for (const property of ['name', 'length']) {
        const own = Object.getOwnPropertyDescriptor(method, property);
        if (own !== undefined) Object.defineProperty(telling, property, own);
      }
      Object.defineProperty(prototype, name, { ...found, value: telling });
      putBack = () => {
        // wrapped by somebody in the meantime: ours stays inside, and only goes on to the method
        if (Object.getOwnPropertyDescriptor(prototype, name)?.value !== telling) return;
        Object.defineProperty(prototype, name, found);
      };
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      putBack();
    },
  };
}
