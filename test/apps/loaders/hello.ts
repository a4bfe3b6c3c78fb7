import { greet, type Greeting } from './greet';

const greeting: Greeting = { to: process.argv[2] ?? 'nobody' };
console.log(greet(greeting), process.argv.length);
setTimeout(() => console.log('a while later'), 400);
