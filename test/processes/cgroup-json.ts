/** JSON has no infinite and no missing numbers; what the processes of these tests tell has them as strings. */

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );
}

export function fromJson(json: string): unknown {
  return JSON.parse(json, (_, part: unknown) => (part === 'Infinity' || part === 'NaN' ? Number(part) : part));
}
