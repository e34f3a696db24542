import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPinoLogger as createAgentLogger } from '@watchpost/agent/kernel/pino-logger.ts';
import { createPinoLogger as createServerLogger } from '@watchpost/fleet-server/kernel/pino-logger.ts';
import { SECRET_FIELDS } from '@watchpost/shared/kernel/log.ts';

for (const [program, createLogger] of [
  ['agent', createAgentLogger],
  ['server', createServerLogger],
] as const) {
  test(`${program}: no secret field reaches a log line, wherever it stands`, () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line: string) => void lines.push(line) });
    for (const field of SECRET_FIELDS) {
      log
        .child({ component: 'x' })
        .info({ [field]: 'hunter2', a: { [field]: 'hunter2', b: { [field]: 'hunter2' } } }, 'facts');
    }
    assert.equal(lines.length, SECRET_FIELDS.length);
    assert.ok(!lines.join('').includes('hunter2'));
    assert.ok(lines.join('').includes('[Redacted]'));
  });
}

test('agent: another level counts at once, for children that were made before too', () => {
  const lines: string[] = [];
  const log = createAgentLogger('warn', { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const child = log.child({ component: 'x' }).child({ camera: 'door' });
  const tell = (when: string): void => {
    for (const logger of [log, child]) {
      logger.debug({}, `debug ${when}`);
      logger.warn({}, `warn ${when}`);
    }
  };
  tell('first');
  log.useLevel('debug');
  tell('then');
  log.useLevel('error');
  tell('last');
  assert.deepEqual(lines, ['warn first', 'warn first', 'debug then', 'warn then', 'debug then', 'warn then']);
  assert.throws(() => log.useLevel('loud'), /"loud" is not a level/);
});
