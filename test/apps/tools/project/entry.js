import { sum } from './sum.js';
import text from './text.txt';

export async function main() {
  const { late } = await import('./late.js');
  return `${text.trim()} ${sum(1, 2)} ${late}`;
}
