import type { EventEvidence, EvidenceView } from '@watchpost/shared/api/evidence.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { EvidencePictureRecord, EvidenceStore } from '../store/port.ts';
import { findJpegSize } from './jpeg-size.ts';
import type { Evidence, EvidenceFiles, ReceivedPicture, SightingKey } from './port.ts';
import { createViewedSightings } from './viewed-sightings.ts';

export interface EvidenceDeskDeps {
  readonly store: EvidenceStore;
  readonly files: EvidenceFiles;
  readonly audit: Pick<AuditLog, 'record'>;
  /** Tells pages what there is of a sighting now. */
  readonly tell: (view: EvidenceView) => void;
  /** All together; the sighting whose pictures came first goes first. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly nowMs: () => number;
  /** Runs once after so long, unless it is cancelled. @returns cancels it */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly log: Logger;
}

/** Keeps pictures of sightings under its caps. */
export type EvidenceDesk = Evidence & Component;

const PRUNE_EVERY_MS = 3_600_000;
/** A side longer than this is no camera's. */
const MAX_SIDE = 8_192;

export const createEvidenceDesk = (deps: EvidenceDeskDeps): EvidenceDesk => new StoredEvidenceDesk(deps);

class StoredEvidenceDesk implements EvidenceDesk {
  readonly name = 'evidence';
  readonly #deps: EvidenceDeskDeps;
  readonly #viewed = createViewedSightings();
  /** Files and rows of a sighting come and go together. */
  readonly #inTurn = createTurns();
  #heldBytes = 0;
  /** One at a time. */
  #pruning: Promise<void> = Promise.resolve();
  #cancelPruning: () => void = () => undefined;

  constructor(deps: EvidenceDeskDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#heldBytes = await this.#deps.store.totalBytes();
    this.#pruneAndAgain();
  }

  async stop(): Promise<void> {
    this.#cancelPruning();
    await this.#pruning;
  }

  async put(sighting: SightingKey, picture: ReceivedPicture): Promise<void> {
    const { store, tell, maxBytes } = this.#deps;
    requirePicture(picture);
    if (!(await store.hasEvent(sighting)))
      throw serverError('EVENT_UNKNOWN', `${sighting.deviceId} has reported no sighting ${sighting.event}`);
    if (!(await this.#inTurn(() => this.#keep(sighting, picture)))) return;
    if (this.#heldBytes > maxBytes) this.#prune();
    tell(await this.#viewKnown(sighting));
  }

  /** @returns whether it is new @throws AppError EVIDENCE_TAKEN */
  async #keep(sighting: SightingKey, { number, offsetMs, sha256, bytes }: ReceivedPicture): Promise<boolean> {
    const { store, files, nowMs } = this.#deps;
    const known = await store.find(sighting, number);
    if (known !== undefined && known.sha256 !== sha256)
      throw serverError('EVIDENCE_TAKEN', `picture ${number} of ${sighting.event} is another one`);
    if (known !== undefined) return false;
    await files.save(sighting, number, bytes);
    const record = { ...sighting, number, offsetMs, sizeBytes: bytes.length, sha256, receivedAtMs: nowMs() };
    if (!(await store.add(record))) return false;
    this.#heldBytes += bytes.length;
    return true;
  }

  async view(sighting: SightingKey): Promise<EvidenceView> {
    const { deviceId, event } = sighting;
    if (!(await this.#deps.store.hasEvent(sighting)))
      throw serverError('NOT_FOUND', `device ${deviceId} has reported no sighting ${event}`);
    return this.#viewKnown(sighting);
  }

  async viewAll(sightings: readonly SightingKey[]): Promise<readonly EventEvidence[]> {
    const { store } = this.#deps;
    const pictures = Map.groupBy(await store.list(sightings), keyOf);
    const absent = new Set((await store.listAbsent(sightings)).map(keyOf));
    return sightings.map((sighting) => ({
      pictures: (pictures.get(keyOf(sighting)) ?? []).map(viewPicture),
      canAsk: !absent.has(keyOf(sighting)),
    }));
  }

  async read(sighting: SightingKey, number: number, viewer: AuditActor): Promise<Uint8Array> {
    const { store, files, audit, nowMs } = this.#deps;
    const { deviceId, event } = sighting;
    const known = await store.find(sighting, number);
    const bytes = known && (await files.load(sighting, number));
    if (bytes === undefined)
      throw serverError('NOT_FOUND', `there is no picture ${number} of sighting ${event}, or none any more`);
    if (this.#viewed.isNew(viewer.id, keyOf(sighting), nowMs()))
      await audit.record({ actor: viewer, action: 'evidence.viewed', subject: deviceId, details: { event } });
    return bytes;
  }

  async #viewKnown(sighting: SightingKey): Promise<EvidenceView> {
    const [found = { pictures: [], canAsk: true }] = await this.viewAll([sighting]);
    return { deviceId: sighting.deviceId, event: sighting.event, ...found };
  }

  #pruneAndAgain(): void {
    this.#prune();
    this.#cancelPruning = this.#deps.schedule(PRUNE_EVERY_MS, () => this.#pruneAndAgain());
  }

  /** What fails now is tried again with the next picture, or in an hour. */
  #prune(): void {
    this.#pruning = this.#pruning.then(async () => {
      try {
        await this.#removeDue();
      } catch (error) {
        if (!isAppError(error)) throw error;
        this.#deps.log.error({ code: error.code, error: describeError(error) }, 'pictures not removed');
      }
    });
  }

  /** The files first: what is in no table is never found again. */
  async #removeDue(): Promise<void> {
    const { store, files, tell, maxBytes, maxAgeMs, nowMs } = this.#deps;
    for (;;) {
      const oldest = await store.oldest();
      if (oldest === undefined) return;
      if (this.#heldBytes <= maxBytes && nowMs() - oldest.receivedAtMs <= maxAgeMs) return;
      await this.#inTurn(async () => {
        await files.remove(oldest);
        this.#heldBytes -= await store.remove(oldest);
      });
      tell(await this.#viewKnown(oldest));
    }
  }
}

/** @throws AppError REQUEST_INVALID | DIGEST_MISMATCH */
function requirePicture({ bytes, sha256 }: ReceivedPicture): void {
  const size = findJpegSize(bytes);
  if (size === undefined) throw serverError('REQUEST_INVALID', 'body: not a whole JPEG picture');
  const sides = [size.width, size.height];
  if (sides.some((side) => side < 1 || side > MAX_SIDE))
    throw serverError('REQUEST_INVALID', `body: a picture of ${sides.join(' x ')}`);
  if (sha256Hex(bytes) !== sha256)
    throw serverError('DIGEST_MISMATCH', `expected SHA-256 ${sha256}, received ${sha256Hex(bytes)}`);
}

const keyOf = ({ deviceId, event }: SightingKey): string => `${deviceId}/${event}`;

const viewPicture = ({ number, offsetMs, sizeBytes }: EvidencePictureRecord) => ({
  number,
  offsetMs,
  sizeBytes,
});
