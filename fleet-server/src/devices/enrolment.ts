import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import {
  type EnrolPending,
  type EnrolRequest,
  type EnrolResponse,
  enrolmentChallenge,
} from '@watchpost/shared/messages/enrolment.ts';
import type { CertificateAuthority, CertificateRequest, Certification } from '../identity/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { DeviceRecord, DeviceStore, TokenRecord } from '../store/port.ts';
import { judgeApplication } from './application-verdict.ts';
import { requireProof } from './enrolment-proof.ts';
import type { Enrolment, FleetProjection } from './port.ts';

export interface EnrolmentDeps {
  readonly devices: DeviceStore;
  /** Learns of the new device at once. */
  readonly projection: Pick<FleetProjection, 'addDevice'>;
  readonly authority: Pick<CertificateAuthority, 'readRequest'>;
  readonly certification: Pick<Certification, 'certify' | 'isRevoked'>;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** What a box is told. */
  readonly welcome: {
    readonly fleet: string;
    /** Asked at each enrolment: the port may be known only after the broker has started. */
    readonly brokerUrl: () => string;
    /** SPKI, PEM. */
    readonly directorKey: string;
  };
}

const TOKEN_BYTES = 24;
const MINUTE_MS = 60_000;
const ASK_AGAIN_SEC = 5;
/** Boxes that may wait for a person: anybody can ask. */
const MAX_PENDING = 1000;

export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  return {
    createToken: async (ttlMinutes) => {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const createdAtMs = deps.nowMs();
      const expiresAtMs = createdAtMs + ttlMinutes * MINUTE_MS;
      await deps.devices.addToken({ tokenSha256: sha256Hex(token), createdAtMs, expiresAtMs });
      return { token, expiresAtMs };
    },
    enrol: (request) => (request.token === undefined ? apply(deps, request) : enrol(deps, request)),
  };
}

async function enrol(deps: EnrolmentDeps, request: EnrolRequest): Promise<EnrolResponse> {
  const token = await requireToken(deps, request);
  const key = await readKey(deps, request);
  const known = await deps.devices.find(request.deviceId);
  if (known?.state === 'decommissioned')
    throw serverError('DEVICE_REFUSED', `device ${known.id} is decommissioned`);
  const device = toRecord(deps, request, { key, known });
  const isSameKey = known?.fingerprint === device.fingerprint;
  // The answer to the first POST may have been lost: the same box asks again. Once it is no longer welcome, it is not.
  const mayUse = token.usedBy === undefined || (isSameKey && known?.state === 'accepted');
  if (!mayUse || !(await deps.devices.enrol(device, token.tokenSha256))) throw tokenUsed(request);
  if (known !== undefined && !isSameKey) {
    const facts = { deviceId: device.id, before: known.fingerprint, now: device.fingerprint };
    deps.log.warn(facts, 'device enrolled again with another key');
  }
  deps.log.info({ deviceId: device.id, fingerprint: device.fingerprint }, 'device enrolled');
  deps.projection.addDevice(device);
  return composeWelcome(deps, device);
}

async function composeWelcome(deps: EnrolmentDeps, device: DeviceRecord): Promise<EnrolResponse> {
  const { fleet, brokerUrl, directorKey } = deps.welcome;
  const certified = await deps.certification.certify(device);
  return { deviceId: device.id, fleet, brokerUrl: brokerUrl(), directorKey, ...certified };
}

/** A box without a token: each time it asks, its key decides. */
async function apply(deps: EnrolmentDeps, request: EnrolRequest): Promise<EnrolResponse | EnrolPending> {
  const key = await readKey(deps, request);
  const known = await deps.devices.find(request.deviceId);
  const verdict = judgeApplication(known, key.fingerprint);
  if (verdict.kind === 'refused')
    throw serverError('DEVICE_REFUSED', `device ${request.deviceId} may not enrol: ${verdict.why}`);
  const isWelcome = verdict.kind === 'welcome';
  const state = isWelcome ? 'accepted' : 'pending';
  const device: DeviceRecord = { ...toRecord(deps, request, { key, known }), state };
  if (known?.state !== 'pending' && !isWelcome) await requireRoom(deps, device);
  await deps.devices.save(device);
  deps.projection.addDevice(device);
  if (isWelcome) return composeWelcome(deps, device);
  return { deviceId: device.id, fingerprint: device.fingerprint, retryInSec: ASK_AGAIN_SEC };
}

async function requireRoom(
  { devices, log }: EnrolmentDeps,
  { id, fingerprint }: DeviceRecord,
): Promise<void> {
  const waiting = (await devices.list()).filter(({ state }) => state === 'pending').length;
  if (waiting >= MAX_PENDING) throw serverError('DEVICE_REFUSED', `${waiting} boxes wait already`);
  log.info({ deviceId: id, fingerprint }, 'device waits to be accepted');
}

/** @throws AppError PROOF_INVALID | KEY_REVOKED */
async function readKey(deps: EnrolmentDeps, request: EnrolRequest): Promise<CertificateRequest> {
  const { deviceId, csr, proof: signature } = request;
  const key = await deps.authority.readRequest(csr, deviceId);
  requireProof({ deviceId, challenge: enrolmentChallenge(request), signature }, key.publicKeyPem);
  if (await deps.certification.isRevoked(key.fingerprint))
    throw serverError('KEY_REVOKED', `the key of device ${deviceId} was revoked`);
  return key;
}

async function requireToken(deps: EnrolmentDeps, request: EnrolRequest): Promise<TokenRecord> {
  const token = await deps.devices.findToken(sha256Hex(request.token ?? ''));
  if (token === undefined) throw serverError('TOKEN_INVALID', 'the enrolment token is not known here');
  if (token.usedBy === undefined && token.expiresAtMs <= deps.nowMs()) {
    const expiredAt = new Date(token.expiresAtMs).toISOString();
    throw serverError('TOKEN_INVALID', `the enrolment token expired at ${expiredAt}`);
  }
  if (token.usedBy !== undefined && token.usedBy !== request.deviceId) throw tokenUsed(request);
  return token;
}

const tokenUsed = ({ deviceId }: EnrolRequest) =>
  serverError('TOKEN_USED', `the enrolment token was used already, not by device ${deviceId} with this key`);

function toRecord(
  deps: EnrolmentDeps,
  request: EnrolRequest,
  { key, known }: { readonly key: CertificateRequest; readonly known: DeviceRecord | undefined },
): DeviceRecord {
  return {
    id: request.deviceId,
    fleet: deps.welcome.fleet,
    state: 'accepted',
    publicKey: key.publicKeyPem,
    fingerprint: key.fingerprint,
    secretSha256: request.secretSha256,
    hardware: request.hardware,
    enrolledAtMs: known?.fingerprint === key.fingerprint ? known.enrolledAtMs : deps.nowMs(),
  };
}
