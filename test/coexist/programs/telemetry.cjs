// The application's telemetry by require: preloaded before or after Plimsoll, or loaded late by the application.
const { join } = require('node:path');

const { createTelemetry } = require('./telemetry-of.cjs');

globalThis.telemetry ??= createTelemetry(require(join(process.env.APP_FOLDER, 'packages.cjs')));
if (process.env.APP_START !== 'late') globalThis.telemetry.start();
