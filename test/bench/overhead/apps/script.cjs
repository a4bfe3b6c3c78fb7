// A long-running script that loads neither `net` nor `http`.
const { writeSync } = require('node:fs');
writeSync(1, 'first line\n');

setTimeout(() => {}, 0x7f_ff_ff_ff);
setImmediate(() => {
  writeSync(1, 'listening\n');
});
