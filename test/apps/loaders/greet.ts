export interface Greeting {
  readonly to: string;
}

enum Word {
  Hello = 'hello',
}

export function greet({ to }: Greeting): string {
  return `${Word.Hello} ${to}`;
}
