// The same by import, with the hook that OpenTelemetry's documentation names for ESM.
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createTelemetry } from './telemetry-of.cjs';

const packagesUrl = pathToFileURL(join(process.env.APP_FOLDER, 'packages.mjs')).href;
if (globalThis.telemetry === undefined) {
  register('@opentelemetry/instrumentation/hook.mjs', packagesUrl);
  const packages = await import(packagesUrl);
  globalThis.telemetry = createTelemetry(packages.default);
}
if (process.env.APP_START !== 'late') globalThis.telemetry.start();
