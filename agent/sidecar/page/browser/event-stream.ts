/** Server-sent events out of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export interface Message {
  readonly event: string;
  readonly data: string;
}

/** Answers a function that is given text as it comes and calls `onMessage` for each whole message. */
export function createEventParser(onMessage: (message: Message) => void): (text: string) => void {
  let rest = '';
  let event = '';
  let data: string[] = [];

  function line(text: string): void {
    if (text === '') {
      if (data.length > 0) onMessage({ event: event === '' ? 'message' : event, data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }

  return (text) => {
    const lines = (rest + text).split(/\r\n|\n/);
    rest = lines.pop() ?? '';
    for (const each of lines) line(each);
  };
}
