import { setTimeout as wait } from 'node:timers/promises';

interface Answer {
  readonly value: number;
}

const answer: Answer = await wait(400, { value: 42 });
console.log(answer.value satisfies number);
