import { HARDWARE_METHODS, type HardwareMethod } from '../ffmpeg/decode-method.ts';

/** What ffmpeg and the system tell of themselves. */
export interface DecodeFacts {
  /** Output of `ffmpeg -hwaccels`. */
  readonly hwaccels: string;
  /** Output of `ffmpeg -decoders`. */
  readonly decoders: string;
  /** Paths of device nodes. */
  readonly devices: readonly string[];
}

export type Offer =
  | {
      readonly isOffered: true;
      /** ffmpeg's names of what it can decode; undefined: only a try tells. */
      readonly codecs?: readonly string[];
      readonly device?: string;
    }
  | { readonly isOffered: false; readonly why: string };

export type Offers = Readonly<Record<HardwareMethod, Offer>>;

/** Which decoders are worth a try on this box. */
export function findOffers(facts: DecodeFacts): Offers {
  return Object.fromEntries(HARDWARE_METHODS.map((method) => [method, FINDERS[method](facts)])) as Offers;
}

/** Why this codec cannot be decoded so; undefined where it is worth a try. */
export function findHindrance(offer: Offer, codec: string): string | undefined {
  if (!offer.isOffered) return offer.why;
  if (offer.codecs === undefined || offer.codecs.includes(codec)) return undefined;
  return `this ffmpeg has no such decoder for ${codec}`;
}

const FINDERS: Readonly<Record<HardwareMethod, (facts: DecodeFacts) => Offer>> = {
  vaapi: (facts) => {
    const device = facts.devices.find((path) => path.startsWith('/dev/dri/renderD'));
    if (device === undefined) return refuse('there is no /dev/dri/renderD*');
    return hasAcceleration(facts, 'vaapi') ? { isOffered: true, device } : refuse(NO_ACCELERATION);
  },
  cuda: (facts) => {
    if (!facts.devices.includes('/dev/nvidiactl')) return refuse('there is no /dev/nvidiactl');
    return hasAcceleration(facts, 'cuda') ? { isOffered: true } : refuse(NO_ACCELERATION);
  },
  v4l2m2m: (facts) =>
    facts.devices.some((path) => path.startsWith('/dev/video'))
      ? offerDecoders(facts, 'v4l2m2m')
      : refuse('there is no /dev/video*'),
  rkmpp: (facts) =>
    facts.devices.some((path) => path === '/dev/mpp_service' || path === '/dev/rkvdec')
      ? offerDecoders(facts, 'rkmpp')
      : refuse('there is neither /dev/mpp_service nor /dev/rkvdec'),
};

const NO_ACCELERATION = 'this ffmpeg was built without it';
const refuse = (why: string): Offer => ({ isOffered: false, why });

const hasAcceleration = ({ hwaccels }: DecodeFacts, name: string): boolean =>
  hwaccels.split(/\r?\n/).some((line) => line.trim() === name);

function offerDecoders({ decoders }: DecodeFacts, suffix: string): Offer {
  const names = decoders.matchAll(new RegExp(`^ V\\S* +(\\w+)_${suffix} `, 'gm'));
  const codecs = [...names].flatMap(([, codec]) => codec ?? []);
  return codecs.length === 0 ? refuse(NO_ACCELERATION) : { isOffered: true, codecs };
}
