/** Takes the machine's memory until the given part of it is available. Argument: ratio. */
import { readFileSync } from 'node:fs';

const STEP_BYTES = 10_000_000;
const held = [];
const megabytes = (field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))[1]) / 1024;

while (megabytes('MemAvailable') > Number(process.argv[2]) * megabytes('MemTotal'))
  held.push(Buffer.alloc(STEP_BYTES, 1));
console.log(`holding ${held.length * 10} MB`);
setInterval(() => held.length, 60_000);
