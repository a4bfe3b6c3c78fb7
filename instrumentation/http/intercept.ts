/** One event of one emitter, seen before its listeners. */

export interface Emitter {
  emit(event: string | symbol, ...values: unknown[]): boolean;
  listenerCount(event: string): number;
}

export interface Interception {
  readonly event: string;
  /** Whether the event ends here. */
  take(...values: readonly unknown[]): boolean;
  /** When it is no more, the interception takes itself off with the next event, whichever: nobody has to keep a list of emitters. */
  isOn(): boolean;
}

/** The emitter gets an `emit` of its own. Where somebody else puts one over it, it stays, and passes everything on in the end. */
export function interceptEmit(emitter: Emitter, { event, take, isOn }: Interception): void {
  const before = Object.getOwnPropertyDescriptor(emitter, 'emit');
  const prototype = Object.getPrototypeOf(emitter) as Emitter;

  function emit(this: Emitter, name: string | symbol, ...values: unknown[]): boolean {
    if (!isOn()) takeOff();
    else if (name === event && take(...values)) return true;
    // looked up each time: an instrumentation may patch the prototype later
    const next = before === undefined ? prototype.emit : (before.value as Emitter['emit']);
    return next.call(this, name, ...values);
  }

  function takeOff(): void {
    if (Object.getOwnPropertyDescriptor(emitter, 'emit')?.value !== emit) return;
    if (before === undefined) Reflect.deleteProperty(emitter, 'emit');
    else Object.defineProperty(emitter, 'emit', before);
  }

  Object.defineProperty(emitter, 'emit', { value: emit, configurable: true, enumerable: false, writable: true });
}
