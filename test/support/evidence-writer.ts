import { createFileEvidenceStore } from '../../agent/src/evidence/file-evidence-store.ts';

/** Keeps pictures until it is killed: `node evidence-writer.ts <dataDir>`; says when the first sighting is through. */
const [dataDir = ''] = process.argv.slice(2);
const store = createFileEvidenceStore({ dataDir, clock: { wallMs: () => Date.now() } });
const jpeg = new Uint8Array(200_000).fill(7);
jpeg.set([0xff, 0xd8, 0xff]);
jpeg.set([0xff, 0xd9], jpeg.length - 2);
for (let sighting = 1; ; sighting += 1) {
  for (let picture = 0; picture < 8; picture += 1)
    await store.add(`sighting-${sighting}`, { offsetMs: picture * -100, jpeg, isDue: picture % 2 === 0 });
  await store.markSent(`sighting-${sighting}`, 1);
  if (sighting > 20) await store.remove(`sighting-${sighting - 20}`);
  process.stdout.write(`${sighting}\n`);
}
