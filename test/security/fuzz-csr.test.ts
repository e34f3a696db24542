import assert from 'node:assert/strict';
import fc from 'fast-check';
import { requireProof } from '../../fleet-server/src/devices/enrolment-proof.ts';
import { csrOf, makeAuthority, makeBox, pemOf } from '../support/certified-box.ts';
import { assertParsedOrRefused, fuzz } from '../support/fuzz.ts';

const authority = await makeAuthority();
const box = makeBox('box-1');
const csr = await csrOf(box);
const der = Buffer.from(csr.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
const armour = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

const wounds = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
const wounded = fc.tuple(wounds, fc.nat(der.length)).map(([all, cutAt]) => {
  const bytes = Buffer.from(der);
  for (const [at, byte] of all) bytes[at] = byte;
  return armour(all.length === 4 ? bytes.subarray(0, cutAt) : bytes);
});

fuzz(
  'a certificate request is read, or refused with a code',
  fc.oneof(wounded, fc.uint8Array({ maxLength: 200 }).map(armour), fc.string({ maxLength: 200 })),
  (text) => assertParsedOrRefused(() => authority.readRequest(text, box.id), 'PROOF_INVALID'),
);

fuzz(
  'a name that is not the id of the box is refused with a code, however it is written',
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('box-1, CN=box-2', 'box-1+CN=box-2', 'BOX-1', ' box-1', 'box-1\0', '#0c03', '\\', '"'),
  ),
  async (name) => {
    const request = await csrOf(box, name).catch(() => undefined);
    if (request === undefined || name === box.id) return;
    await assert.rejects(authority.readRequest(request, box.id), { code: 'PROOF_INVALID' });
  },
);

fuzz(
  'a proof that is none is refused with a code',
  fc.oneof(fc.string(), fc.base64String(), fc.constant('')),
  (signature) => {
    const proof = { deviceId: box.id, challenge: 'challenge', signature };
    assert.throws(() => requireProof(proof, pemOf(box)), { code: 'PROOF_INVALID' });
  },
);
