/** The pressure level on the application's spans: on those that start or end above normal. All others stay as they were. */
import type { Level } from '../../agent/model/level.ts';
import { hasMethod, read } from './foreign.ts';

const LEVEL = 'plimsoll.pressure.level';

export interface SpanMarks {
  /** The TracerProvider of now, or none. */
  follow(provider: object | undefined): void;
  setLevel(level: Level): void;
  close(): void;
}

/** Of SDK 1.x to 3.x and of dd-trace. */
interface SpanProcessor {
  onStart(span: MarkableSpan): void;
  /** Since SDK 2.0: the last moment in which a span can be written to. */
  onEnding(span: MarkableSpan): void;
  onEnd(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface MarkableSpan {
  setAttribute(key: string, value: number): unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export function createSpanMarks(): SpanMarks {
  let level: Level = 0;
  let followed: object | undefined;
  /** The list our processor is in, where there is one. */
  let list: unknown[] | undefined;

  const processor: SpanProcessor = {
    onStart(span) {
      if (level > 0) span.setAttribute(LEVEL, level);
    },
    onEnding(span) {
      if (level > 0 && level > Number(span.attributes?.[LEVEL] ?? 0)) span.setAttribute(LEVEL, level);
    },
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };

  function leave(): void {
    const index = list?.indexOf(processor) ?? -1;
    if (index >= 0) list?.splice(index, 1);
    list = undefined;
  }

  return {
    follow(provider) {
      const processors = provider === undefined ? undefined : processorsOf(provider);
      if (provider === followed && processors === list) return;
      leave();
      if (processors !== undefined) processors.push(processor);
      else if (provider !== followed && hasMethod(provider, 'addSpanProcessor')) addTo(provider, processor);
      list = processors;
      followed = provider;
    },
    setLevel(now) {
      level = now;
    },
    close() {
      leave();
      followed = undefined;
      level = 0;
    },
  };
}

/** The live list of an SDK that has processors: 1.x under one name, 2.x and 3.x under the other. */
function processorsOf(provider: object): unknown[] | undefined {
  const active = read(provider, '_activeSpanProcessor') ?? read(provider, 'activeSpanProcessor');
  const processors = read(active, '_spanProcessors');
  return Array.isArray(processors) ? processors : undefined;
}

/** dd-trace. A provider of SDK 1.x without a processor has no exporter either: it is looked at again. */
function addTo(provider: object, processor: SpanProcessor): void {
  if (read(provider, 'activeSpanProcessor') !== undefined) return;
  (provider as { addSpanProcessor(added: SpanProcessor): void }).addSpanProcessor(processor);
}
