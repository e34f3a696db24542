import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ApiClient, logIn } from '@watchpost/fleet-server/cli/api-client.ts';
import sharp from 'sharp';
import { EvidenceView } from '../../shared/src/api/evidence.ts';
import { EventPage, type StoredEvent } from '../../shared/src/api/fleet.ts';
import type { FaultBox } from '../support/fault-box.ts';
import { makeColourClip } from '../support/fault-camera.ts';
import { openServedBox, type ServedBox } from '../support/served-box.ts';
import { until } from '../support/until.ts';

let served: ServedBox;
let folder: string;
let box: FaultBox;
let run: ServedBox['run'];
let api: ApiClient;
const listSightings = async (): Promise<readonly StoredEvent[]> =>
  (await api.get('events?device=box-1&limit=500', EventPage)).events.filter(({ type }) => type === 'new');
/** Its newest sighting, once there is one that is not among `known`. */
async function awaitSighting(known: readonly string[] = []): Promise<StoredEvent> {
  const find = async () => (await listSightings()).find(({ id }) => !known.includes(id));
  await until('there is a sighting', async () => (await find()) !== undefined, 60_000);
  return (await find()) as StoredEvent;
}

before(async () => {
  served = await openServedBox((into) => makeColourClip(into, 10));
  ({ folder, box, run } = served);
  const { url, passwordFile } = served.server;
  const password = (await readFile(passwordFile, 'utf8')).trim();
  api = await logIn({ server: url, user: 'admin', password });
});
after(() => served?.stop());

test('the pictures of a sighting stay on the box until somebody asks for them', async (t) => {
  const { id, evidence } = await awaitSighting();
  assert.deepEqual(evidence, { pictures: [], canAsk: true });
  const out = join(folder, 'fetched');
  const fetched = await run('device', 'evidence', 'box-1', id, '--out', out);
  assert.equal(fetched.status, 0, fetched.error);
  const names = await readdir(out);
  assert.ok(names.length > 0, fetched.out);
  t.diagnostic(fetched.out);
  for (const name of names) {
    assert.match(fetched.out, new RegExp(name));
    const { format, width = 0 } = await sharp(await readFile(join(out, name))).metadata();
    assert.ok(format === 'jpeg' && width > 0, name);
  }
  const again = await run('device', 'evidence', 'box-1', id, '--out', out, '--json');
  assert.equal(JSON.parse(again.out).pictures.length, names.length);
  const asked = JSON.parse((await run('device', 'commands', 'box-1', '--json')).out).commands;
  assert.equal(asked.length, 1, 'what the server has, the box is not asked for again');
  const shown = (await listSightings()).find((event) => event.id === id);
  assert.equal(shown?.evidence?.pictures.length, names.length);
});

test('a sighting whose pictures the box has no more fails with the code of the box, and is not offered again', async () => {
  const sent = (await listSightings()).filter(({ evidence }) => evidence?.pictures.length !== 0);
  const { id } = await awaitSighting(sent.map((event) => event.id));
  await box.stop();
  await rm(join(box.dataDir, 'evidence'), { recursive: true, force: true });
  await box.start();
  const { status, error } = await run('device', 'evidence', 'box-1', id, '--out', folder);
  assert.equal(status, 1);
  assert.match(error, /no pictures of a sighting.*EVIDENCE_UNKNOWN/);
  const shown = (await listSightings()).find((event) => event.id === id);
  assert.deepEqual(shown?.evidence, { pictures: [], canAsk: false });
  assert.match((await run('device', 'evidence', 'box-1', 'nobody', '--out', folder)).error, /NOT_FOUND/);
});

test('set to send each as it is made, from the fleet and while it runs, the pictures come by themselves', async () => {
  const settings = join(folder, 'settings.yaml');
  await writeFile(settings, 'evidence:\n  send: always\n');
  const { error } = await run('device', 'config', 'set', 'box-1', settings);
  assert.equal(error, '');
  const known = (await listSightings()).map(({ id }) => id);
  const isComplete = async ({ id }: StoredEvent): Promise<boolean> => {
    const { pictures } = await api.get(`devices/box-1/events/${id}/evidence`, EvidenceView);
    return (
      pictures.some(({ offsetMs }) => offsetMs < -500) && pictures.some(({ offsetMs }) => offsetMs > 500)
    );
  };
  await until(
    'a new sighting has come with pictures from before and after its decision',
    async () => {
      const fresh = (await listSightings()).filter(({ id }) => !known.includes(id));
      return (await Promise.all(fresh.map(isComplete))).includes(true);
    },
    90_000,
  );
  const commands = JSON.parse((await run('device', 'commands', 'box-1', '--json')).out).commands;
  assert.ok(
    commands.every((command: { args: { event?: string } }) => known.includes(command.args.event ?? '')),
  );
});
