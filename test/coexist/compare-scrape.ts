/** The same for an application that is scraped: series without values. Ours are those with `plimsoll_process`, as every one of them. */
export interface ScrapeLines {
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

const VOLATILE = /(process_pid|service_instance_id|host_id|process_command_args|v8js_gc_type)="(?:[^"\\]|\\.)*"/g;

/** By line, since their exporters of three versions differ in the comments they write. */
export function scrapeLines(text = ''): ScrapeLines {
  const series = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ [^ ]+$/, '').replaceAll(VOLATILE, '$1'));
  const isOurs = (line: string): boolean => line.includes('plimsoll_process=');
  return {
    theirs: [...new Set(series.filter((line) => !isOurs(line)))].toSorted(),
    ours: series.filter(isOurs),
  };
}
