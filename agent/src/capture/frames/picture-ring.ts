import type { TimedPicture } from '../port.ts';

export interface RingLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** The longest pre-roll there is, and what 20 large pictures take. */
const RING_LIMITS: RingLimits = { maxAgeMs: 10_500, maxBytes: 2 * 1024 * 1024 };

/** Pictures for people, oldest first. The last one is kept whatever its age, but none that is larger than the ring. */
export interface PictureRing {
  add(picture: TimedPicture): void;
  list(): readonly TimedPicture[];
}

export function createPictureRing({ maxAgeMs, maxBytes }: RingLimits = RING_LIMITS): PictureRing {
  let held: readonly TimedPicture[] = [];
  return {
    add(picture) {
      const youngEnough = [...held, picture].filter(
        ({ capturedAtMs }) => picture.capturedAtMs - capturedAtMs <= maxAgeMs,
      );
      let room = maxBytes;
      const first = youngEnough.findLastIndex(({ jpeg }) => {
        room -= jpeg.length;
        return room < 0;
      });
      held = youngEnough.slice(first + 1);
    },
    list: () => held,
  };
}
