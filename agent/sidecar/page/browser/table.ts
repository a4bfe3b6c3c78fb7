/** A table whose rows stay the same elements while their numbers change; sorted by its headers, cards on a phone. */
import { button, h, liveText, setAttribute } from './dom.ts';

export interface Cell<T> {
  readonly content: Node;
  update(item: T): void;
}

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** Without it the table cannot be sorted by this column. Numbers begin with the largest. */
  readonly sortBy?: (item: T) => number | string;
  cell(): Cell<T>;
}

export interface TableOptions<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  keyOf(item: T): string;
  /** What the order is called that the items are given in; '': it has no name and the first header starts unsorted. */
  readonly givenOrder?: string;
  decorate?(row: HTMLElement, item: T): void;
}

export interface Table<T> {
  readonly element: HTMLElement;
  update(items: readonly T[]): void;
}

interface Row<T> {
  readonly element: HTMLElement;
  readonly cells: readonly Cell<T>[];
}

interface Sort {
  readonly id: string;
  readonly isDescending: boolean;
}

/** An order that holds this long can be read. */
const STAYS_MS = 2000;

export function textColumn<T>(
  title: string,
  textOf: (item: T) => string,
  options: { readonly isNumber?: boolean; readonly sortBy?: (item: T) => number | string } = {},
): Column<T> {
  return {
    id: title,
    title,
    ...options,
    cell() {
      const text = liveText();
      return { content: text.node, update: (item) => text.set(textOf(item)) };
    },
  };
}

export function createTable<T>({ caption, columns, keyOf, givenOrder, decorate }: TableOptions<T>): Table<T> {
  const body = h('tbody', { role: 'rowgroup' });
  const rows = new Map<string, Row<T>>();
  let sort: Sort | undefined;
  let last: readonly T[] = [];
  let movedMs = 0;

  const headers = columns.map((column) => {
    const header = h('th', { scope: 'col', role: 'columnheader', class: classOf(column) });
    if (column.sortBy) header.append(button(column.title, () => sortBy(nextSort(column, sort)), { class: 'sort' }));
    else header.append(column.title);
    return header;
  });
  const chooser = h('select', {});
  for (const { id, title, sortBy: isSortable } of columns)
    if (isSortable) chooser.append(h('option', { value: id }, title));
  if (givenOrder !== undefined) chooser.prepend(h('option', { value: '' }, givenOrder));
  chooser.addEventListener('change', () => {
    const column = columns.find(({ id }) => id === chooser.value);
    sortBy(column && nextSort(column, undefined));
  });

  function sortBy(next: Sort | undefined): void {
    sort = next;
    chooser.value = next?.id ?? '';
    for (const [index, { id, sortBy: isSortable }] of columns.entries()) {
      const header = headers[index];
      if (!isSortable || header === undefined) continue;
      setAttribute(header, 'aria-sort', sort?.id !== id ? 'none' : sort.isDescending ? 'descending' : 'ascending');
    }
    update(last, true);
  }

  function rowOf(item: T): Row<T> {
    const cells = columns.map((column) => column.cell());
    const element = h('tr', { role: 'row' });
    for (const [index, column] of columns.entries()) {
      const attributes = { class: classOf(column), 'data-label': column.title };
      element.append(
        index === 0
          ? h('th', { scope: 'row', role: 'rowheader', ...attributes }, cells[index]?.content)
          : h('td', { role: 'cell', ...attributes }, cells[index]?.content),
      );
    }
    const row = { element, cells };
    rows.set(keyOf(item), row);
    return row;
  }

  /** Rows do not hop, nor move from under a finger or away from the focus. */
  function mayMove(): boolean {
    if (Date.now() - movedMs < STAYS_MS || body.matches(':hover') || body.contains(document.activeElement))
      return false;
    movedMs = Date.now();
    return true;
  }

  function update(items: readonly T[], isOrdered = false): void {
    last = items;
    const wanted = new Set(items.map(keyOf));
    for (const [key, { element }] of rows) {
      if (wanted.has(key)) continue;
      element.remove();
      rows.delete(key);
    }
    const isMoved = isOrdered || mayMove();
    for (const [index, item] of sorted(items, columns, sort).entries()) {
      const known = rows.get(keyOf(item));
      const row = known ?? rowOf(item);
      for (const cell of row.cells) cell.update(item);
      decorate?.(row.element, item);
      if ((known === undefined || isMoved) && body.children[index] !== row.element) {
        body.insertBefore(row.element, body.children[index] ?? null);
      }
    }
  }

  sortBy(undefined);
  const sorting = h('label', { class: 'sort-chooser' }, 'Sort by ', chooser);
  const table = h(
    'table',
    { role: 'table' },
    h('caption', { class: 'visually-hidden' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...headers)),
    body,
  );
  return {
    element: h('div', { class: 'table' }, chooser.options.length > 1 && sorting, table),
    update: (items) => update(items),
  };
}

function classOf<T>({ id, isNumber }: Column<T>): string {
  return `${isNumber === true ? 'number ' : ''}column-${id.replaceAll(/\W+/g, '-')}`;
}

/** The column's first direction, then the other, then the given order again. */
function nextSort<T>({ id, isNumber }: Column<T>, sort: Sort | undefined): Sort | undefined {
  const first = isNumber === true;
  if (sort?.id !== id) return { id, isDescending: first };
  return sort.isDescending === first ? { id, isDescending: !first } : undefined;
}

function sorted<T>(items: readonly T[], columns: readonly Column<T>[], sort: Sort | undefined): readonly T[] {
  const sortBy = columns.find(({ id }) => id === sort?.id)?.sortBy;
  if (sort === undefined || sortBy === undefined) return items;
  const sign = sort.isDescending ? -1 : 1;
  return items.toSorted((a, b) => {
    const [left, right] = [sortBy(a), sortBy(b)];
    return (
      sign *
      (typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right)))
    );
  });
}
