/**
 * A reporter for `node --test`: the files in which something failed, one a line. By each file's summary, or by the failure of the file itself
 * where it ended before one: a failed test names the file that it is written in, which may be a helper that tests nothing when it is run alone.
 */
import type { TestEvent } from 'node:test/reporters';

export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const told = new Set<string>();
  for await (const event of events) {
    const file = failedFile(event);
    if (file === undefined || told.has(file)) continue;
    told.add(file);
    yield `${file}\n`;
  }
}

function failedFile(event: TestEvent): string | undefined {
  if (event.type === 'test:summary') return event.data.success ? undefined : event.data.file;
  return event.type === 'test:fail' && event.data.name === event.data.file ? event.data.file : undefined;
}
