import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { createControlFile } from '../../../agent/config/control.ts';
import { readIdentity } from '../../../agent/config/identity.ts';
import type { Problem } from '../../../agent/model/problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-identity-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'app/dist/deep'), { recursive: true });
writeFileSync(join(folder, 'app/package.json'), '{"name": "from-package"}');
const script = join(folder, 'app/dist/deep/main.js');

test('the service is named by OTEL_SERVICE_NAME, then OTEL_RESOURCE_ATTRIBUTES, then the nearest package.json', () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=from%20attributes,deployment.environment.name=prod' };
  assert.equal(readIdentity({ ...attributes, OTEL_SERVICE_NAME: 'from-name' }, script).serviceName, 'from-name');
  assert.equal(readIdentity(attributes, script).serviceName, 'from attributes');
  assert.deepEqual(readIdentity(attributes, script).resource, { 'deployment.environment.name': 'prod' });
  assert.equal(readIdentity({}, script).serviceName, 'from-package');
});

test('a package.json that is broken or has no name is passed over; without any the name is that of the specification', () => {
  writeFileSync(join(folder, 'app/dist/package.json'), '{"type": "module"');
  assert.equal(readIdentity({}, script).serviceName, 'from-package');
  assert.equal(readIdentity({}, undefined).serviceName, 'unknown_service:node');
});

test('attributes that cannot be parsed are one coded line', () => {
  const { problems, resource } = readIdentity({ OTEL_RESOURCE_ATTRIBUTES: 'no equals sign' }, undefined);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_OPTION_INVALID'],
  );
  assert.deepEqual(resource, {});
});

test('control.json: a mode once per change, a problem once per bad content, silence when absent', () => {
  const problems: Problem[] = [];
  const control = createControlFile(folder, (problem) => problems.push(problem));
  const path = join(folder, 'control.json');
  assert.equal(control.look(), undefined);
  writeFileSync(path, '{"mode": "observe"}');
  assert.equal(control.look(), 'observe');
  assert.equal(control.look(), undefined);
  assert.deepEqual(problems, []);
  writeFileSync(path, '{"mode": "loud"}');
  assert.equal(control.look(), undefined);
  assert.equal(control.look(), undefined);
  writeFileSync(path, '{"mode": ');
  assert.equal(control.look(), undefined);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_CONTROL_FILE', 'PLM_CONTROL_FILE'],
  );
  writeFileSync(path, '{"mode": "off"}');
  assert.equal(control.look(), 'off');
});
