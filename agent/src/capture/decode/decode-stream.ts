import { SOFTWARE } from '../ffmpeg/decode-method.ts';
import {
  playStream,
  type StreamDeps,
  type StreamListener,
  type StreamSource,
} from '../ffmpeg/ffmpeg-stream.ts';
import type { StreamEnd } from '../supervision.ts';
import { judgeDecoder } from './decode-choice.ts';
import type { DecodeChooser } from './decode-chooser.ts';

export interface DecodedStreamDeps extends StreamDeps {
  /** Without it, software decodes. */
  readonly decoding?: DecodeChooser;
}

/**
 * As `playStream`, with what decodes this camera best. Where a hardware decoder gives no frame, software is asked at
 * once: if that gives one, the decoder was to blame.
 */
export async function playDecoded(
  deps: DecodedStreamDeps,
  source: StreamSource,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { decoding, limits } = deps;
  if (decoding === undefined) return playStream(deps, source, listener, signal);
  const { socketTimeoutMs } = limits;
  const decoder = await decoding.choose({ ...source, socketTimeoutMs }, signal);
  if (signal.aborted) return { kind: 'ended', frames: source.fromIndex ?? 0 };
  const end = await playStream(deps, { ...source, decoder }, listener, signal);
  if (decoder.method === 'software' || end.kind === 'ended' || signal.aborted) return end;
  const { failure, frames } = end;
  const verdict = judgeDecoder(failure, frames - (source.fromIndex ?? 0));
  const giveUp = (): void => decoding.giveUp(source.camera.id, decoder, failure.detail ?? failure.code);
  if (verdict === 'broken') giveUp();
  if (verdict !== 'doubt') return end;
  let isProved = false;
  const onFrame: StreamListener['onFrame'] = (picture, index) => {
    if (!isProved) giveUp();
    isProved = true;
    return listener.onFrame(picture, index);
  };
  return playStream(deps, { ...source, decoder: SOFTWARE }, { ...listener, onFrame }, signal);
}
