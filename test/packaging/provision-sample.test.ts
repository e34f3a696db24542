import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAgentConfig } from '../../agent/src/config/parse.ts';
import { planProvisioning } from '../../agent/src/config/provisioning.ts';
import { readYamlFile } from '../../agent/src/config/yaml-file.ts';
import { ROOT } from '../support/imports.ts';

const SAMPLE = join(ROOT, 'firmware-config/provision.yaml');
const CONFFILE = join(ROOT, 'firmware-config/etc/agent.yaml');

test('the sample of a provisioning file is sound', async () => {
  const { settings, files } = planProvisioning(SAMPLE, await readYamlFile(SAMPLE), '/etc/watchpost');
  assert.deepEqual(
    files.map(({ name }) => name),
    ['ca.crt', '1.root.json', 'cameras/gate.credentials'],
  );
  assert.equal(parseAgentConfig({ file: { name: SAMPLE, content: settings } }).cameras.length, 1);
});

test('the agent.yaml of a new box holds the defaults', async () => {
  const file = { name: CONFFILE, content: await readYamlFile(CONFFILE) };
  assert.deepEqual(parseAgentConfig({ file }), parseAgentConfig({}));
});
