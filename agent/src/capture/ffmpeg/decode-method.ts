import type { CameraConfig } from '../../config/schema.ts';
import type { DecodeTier } from '../port.ts';

/** What decodes the video of a camera. */
export type DecodeMethod = Exclude<CameraConfig['decode'], 'auto'>;
export type HardwareMethod = Exclude<DecodeMethod, 'software'>;

export const HARDWARE_METHODS: readonly HardwareMethod[] = ['vaapi', 'cuda', 'v4l2m2m', 'rkmpp'];

/** A decoder of this box, ready to be given to ffmpeg. */
export type Decoder =
  | { readonly method: 'software' }
  | {
      readonly method: HardwareMethod;
      /** ffmpeg's name of the codec; v4l2m2m and rkmpp have a decoder of their own for each. */
      readonly codec: string;
      /** A render node, for vaapi. */
      readonly device?: string;
    };

export const SOFTWARE: Decoder = { method: 'software' };

/** What ffmpeg has to be told. */
export interface DecoderArguments {
  /** Options of the input. */
  readonly input: readonly string[];
  /** Filters that bring a picture into the memory the other filters work on; behind those that drop most pictures. */
  readonly download: readonly string[];
}

const NOTHING: DecoderArguments = { input: [], download: [] };
/** The second is what ten bits become. */
const DOWNLOAD = ['hwdownload', 'format=nv12|p010le'];

export function planDecoder(decoder: Decoder, tier: DecodeTier = 'every'): DecoderArguments {
  switch (decoder.method) {
    case 'software':
      return NOTHING;
    case 'vaapi':
      return { input: [...acceleration('vaapi'), ...deviceOf(decoder.device)], download: DOWNLOAD };
    case 'cuda':
      return { input: acceleration('cuda'), download: DOWNLOAD };
    // Decoders of their own decode every picture all the same: keyframes alone cost less without them.
    case 'v4l2m2m':
      return tier === 'keyframes' ? NOTHING : { input: ['-c:v', `${decoder.codec}_v4l2m2m`], download: [] };
    case 'rkmpp':
      return tier === 'keyframes'
        ? NOTHING
        : { input: ['-c:v', `${decoder.codec}_rkmpp`], download: DOWNLOAD };
  }
}

/** Pictures stay on the device until they are wanted. */
const acceleration = (name: string): readonly string[] => ['-hwaccel', name, '-hwaccel_output_format', name];

const deviceOf = (device: string | undefined): readonly string[] =>
  device === undefined ? [] : ['-hwaccel_device', device];
