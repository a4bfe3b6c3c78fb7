/** Elements, made without markup: a name that looks like a tag stays a name. */

export type Child = Node | string | undefined | false;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | false>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

function setAttributes(element: Element, attributes: Readonly<Record<string, string | false>>): void {
  for (const [name, value] of Object.entries(attributes)) if (value !== false) element.setAttribute(name, value);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
}

export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** Text that changes: the document is touched only when it did. */
export function liveText(initial = ''): { readonly node: Text; set(text: string): void } {
  const node = document.createTextNode(initial);
  return {
    node,
    set(text) {
      if (node.data !== text) node.data = text;
    },
  };
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Runs `make` again only when what it is made from changed. */
export function memo<T>(make: (from: T) => void, keyOf: (from: T) => string): (from: T) => void {
  let last: string | undefined;
  return (from) => {
    const key = keyOf(from);
    if (key === last) return;
    last = key;
    make(from);
  };
}

export function button(
  label: string,
  onClick: () => void,
  attributes: Readonly<Record<string, string>> = {},
): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', onClick);
  return element;
}

export function link(href: string, ...children: readonly Child[]): HTMLAnchorElement {
  return h('a', { href }, ...children);
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  return h('section', { class: 'section' }, h('h2', {}, title), ...children);
}

/** `<dl>` of short facts; what is undefined is left out. */
export function facts(entries: readonly (readonly [term: string, value: Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    ...entries
      .filter(([, value]) => value !== undefined && value !== false && value !== '')
      .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))),
  );
}
