// Does what its stdin says, one word a line, and says `done <word>` after each.
'use strict';
const { createInterface } = require('node:readline');

const { work } = require('./work.cjs');

const AGENT = Symbol.for('plimsoll.agent.v1');
/** Enough to pass the budget that the tests set. */
const GROWTH_BYTES = 300 * 2 ** 20;

exports.serve = function serve({ node, loadTelemetry }) {
  const held = [];
  let span;
  const commands = {
    async start() {
      await loadTelemetry();
      globalThis.telemetry.start();
    },
    restart: () => globalThis.telemetry.restart(),
    work: () => work({ ...node, ...globalThis.telemetry }),
    async open() {
      span = globalThis.telemetry.api.trace.getTracer('app', '1.0').startSpan('long');
    },
    async close() {
      span.end();
    },
    async grow() {
      held.push(Buffer.alloc(GROWTH_BYTES, 1));
      await levelAbove(0);
    },
    async end() {
      await globalThis.telemetry.stop();
      lines.close();
    },
  };
  const lines = createInterface({ input: process.stdin });
  let last = Promise.resolve();
  lines.on('line', (word) => {
    last = last.then(() => commands[word]()).then(() => process.stdout.write(`done ${word}\n`));
  });
  process.stdout.write('ready\n');
};

/** At once when there is no agent: the application is the same in both runs. */
async function levelAbove(level) {
  while ((globalThis[AGENT]?.status().assessment.level ?? Infinity) <= level) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
