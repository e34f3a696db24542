import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { CameraConfig } from '../../config/schema.ts';
import {
  type DecodeMethod,
  type Decoder,
  HARDWARE_METHODS,
  type HardwareMethod,
  SOFTWARE,
} from '../ffmpeg/decode-method.ts';
import type { FfmpegSource } from '../ffmpeg/ffmpeg-arguments.ts';
import { createHostGate } from '../host-gate.ts';
import { isStill } from '../sources/camera-kind.ts';
import { chooseMethod, type DecodeTrial, type VideoFormat } from './decode-choice.ts';
import type { DecodeMemory } from './decode-memory.ts';
import { findHindrance, findOffers, type Offers } from './decode-offers.ts';
import { lookAtVideo, readDecodeFacts, tryDecoder } from './decode-trial.ts';

/** Knows what decodes each camera of this box best. */
export interface DecodeChooser {
  /**
   * At the first opening of a camera this may take some seconds, in which it is decoded in each way the box offers;
   * later it is known. Never rejects.
   */
  choose(source: FfmpegSource, signal: AbortSignal): Promise<Decoder>;
  /** It failed while it ran: software from now on, until the agent is started again. */
  giveUp(camera: string, decoder: Decoder, why: string): void;
}

export interface DecodeChooserDeps {
  readonly ffmpegPath: string;
  readonly memory: DecodeMemory;
  readonly log: Logger;
  /** Default: this box is asked once. */
  readonly readOffers?: () => Promise<Offers>;
  /** Default: with ffmpeg. */
  readonly lookAt?: (source: FfmpegSource, signal: AbortSignal) => Promise<VideoFormat | undefined>;
  readonly tryOut?: (source: FfmpegSource, decoder: Decoder, signal: AbortSignal) => Promise<DecodeTrial>;
}

export function createDecodeChooser(deps: DecodeChooserDeps): DecodeChooser {
  return new MeasuringChooser(deps);
}

class MeasuringChooser implements DecodeChooser {
  readonly #memory: DecodeMemory;
  readonly #log: Logger;
  readonly #readOffers: NonNullable<DecodeChooserDeps['readOffers']>;
  readonly #lookAt: NonNullable<DecodeChooserDeps['lookAt']>;
  readonly #tryOut: NonNullable<DecodeChooserDeps['tryOut']>;
  #offers: Promise<Offers> | undefined;
  /** By camera and what is asked for it: a reconnect chooses nothing anew. */
  readonly #chosen = new Map<string, Decoder>();
  /** One camera at a time is measured: two would measure each other. */
  readonly #gate = createHostGate();

  constructor({ ffmpegPath, memory, log, readOffers, lookAt, tryOut }: DecodeChooserDeps) {
    this.#memory = memory;
    this.#log = log;
    this.#readOffers = readOffers ?? (async () => findOffers(await readDecodeFacts(ffmpegPath)));
    this.#lookAt = lookAt ?? ((source, signal) => lookAtVideo(ffmpegPath, source, signal));
    this.#tryOut = tryOut ?? ((source, decoder, signal) => tryDecoder(ffmpegPath, source, decoder, signal));
  }

  async choose(source: FfmpegSource, signal: AbortSignal): Promise<Decoder> {
    const { camera } = source;
    if (camera.decode === 'software' || isStill(camera)) return SOFTWARE;
    const known = this.#chosen.get(keyOf(camera));
    if (known !== undefined) return known;
    const offers = await this.#askOffers();
    if (listWanted(camera).every((method) => !offers[method].isOffered)) return this.#remain(camera, offers);
    const leave = await this.#gate.enter('this box', signal);
    return this.#settle(source, offers, signal).finally(leave);
  }

  giveUp(camera: string, { method }: Decoder, why: string): void {
    for (const [key, decoder] of this.#chosen)
      if (key.startsWith(`${camera} `) && decoder.method === method) this.#chosen.set(key, SOFTWARE);
    this.#log.warn(
      { camera, method, why },
      'hardware decoder failed, decoding in software until the restart',
    );
  }

  #askOffers(): Promise<Offers> {
    this.#offers ??= this.#readOffers();
    return this.#offers;
  }

  /** Nothing can be tried. */
  #remain(camera: CameraConfig, offers: Offers): Decoder {
    for (const method of listWanted(camera)) {
      const offer = offers[method];
      if (!offer.isOffered) this.#miss(camera, method, offer.why);
    }
    return this.#choose(camera, SOFTWARE);
  }

  /** Only who asked for it by name is told. */
  #miss({ id, decode }: CameraConfig, method: HardwareMethod, why: string): void {
    if (decode === method)
      this.#log.warn({ camera: id, method, why }, 'decoder is not there, decoding in software');
  }

  #choose(camera: CameraConfig, decoder: Decoder): Decoder {
    this.#chosen.set(keyOf(camera), decoder);
    return decoder;
  }

  /** A camera that does not answer yet is looked at again when it is opened again. */
  async #settle(source: FfmpegSource, offers: Offers, signal: AbortSignal): Promise<Decoder> {
    const { camera } = source;
    const format = signal.aborted ? undefined : await this.#lookAt(source, signal);
    if (format === undefined || signal.aborted) return SOFTWARE;
    const candidates = this.#listCandidates(camera, offers, format);
    if (camera.decode !== 'auto') return this.#choose(camera, candidates[0] ?? SOFTWARE);
    const found = await this.#memory.find(camera.id, format);
    const isKnown = found !== undefined && candidates.every(({ method }) => found.tried.includes(method));
    const method = isKnown ? found.method : await this.#measure(source, { format, candidates }, signal);
    if (signal.aborted) return SOFTWARE;
    return this.#choose(camera, candidates.find((decoder) => decoder.method === method) ?? SOFTWARE);
  }

  #listCandidates(camera: CameraConfig, offers: Offers, { codec }: VideoFormat): readonly Decoder[] {
    return listWanted(camera).flatMap((method) => {
      const offer = offers[method];
      const why = findHindrance(offer, codec);
      if (why !== undefined) {
        this.#miss(camera, method, why);
        return [];
      }
      const device = offer.isOffered ? offer.device : undefined;
      return [{ method, codec, ...(device !== undefined && { device }) }];
    });
  }

  async #measure(
    source: FfmpegSource,
    { format, candidates }: { readonly format: VideoFormat; readonly candidates: readonly Decoder[] },
    signal: AbortSignal,
  ): Promise<DecodeMethod> {
    const trials: DecodeTrial[] = [];
    for (const decoder of candidates.length === 0 ? [] : [SOFTWARE, ...candidates])
      trials.push(await this.#tryOut(source, decoder, signal));
    if (signal.aborted || trials.length === 0) return 'software';
    const method = chooseMethod(trials);
    const { id } = source.camera;
    this.#log.info({ camera: id, ...format, method, trials }, 'decoders measured');
    const cpu01 = Object.fromEntries(
      trials.flatMap((it) => (it.cpu01 === undefined ? [] : [[it.method, it.cpu01]])),
    );
    const tried = trials.map((trial) => trial.method);
    // Software that could not be measured is a camera in trouble, of which nothing is to be remembered.
    if (cpu01.software !== undefined) await this.#memory.keep(id, format, { method, tried, cpu01 });
    return method;
  }
}

const listWanted = ({ decode }: CameraConfig): readonly HardwareMethod[] =>
  HARDWARE_METHODS.filter((method) => decode === 'auto' || decode === method);

const keyOf = ({ id, decode, url, file, folder, device }: CameraConfig): string =>
  `${id} ${decode} ${url ?? file ?? folder ?? device}`;
