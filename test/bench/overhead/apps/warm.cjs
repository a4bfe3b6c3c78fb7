// The idle HTTP service, after something in it ran often enough that V8's optimizing compilers have worked: their code, some
// 8 MB of node's own file, is in the memory of every process that ever did anything, and is nobody's overhead.
function mix(words) {
  let sum = 0;
  for (let index = 0; index < words.length; index++) sum = Math.imul(sum ^ words[index], 0x01000193);
  return sum;
}
const words = new Uint32Array(4096).fill(7);
let sum = 0;
for (let round = 0; round < 5_000; round++) sum ^= mix(words);
if (sum === 42) throw new Error('the loop above must not be optimized away');

module.exports = require('./http.cjs');
