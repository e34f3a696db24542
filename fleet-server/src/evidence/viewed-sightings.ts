/** For so long a person who looks again at the same sighting looks once. */
const SAME_LOOK_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

/** Whether a look at a sighting is a new one: a page asks for each picture by itself. */
export interface ViewedSightings {
  isNew(viewer: string, sighting: string, nowMs: number): boolean;
}

export function createViewedSightings(): ViewedSightings {
  /** In the order of the looks. */
  const looks = new Map<string, number>();
  return {
    isNew: (viewer, sighting, nowMs) => {
      const key = JSON.stringify([viewer, sighting]);
      const lookedAtMs = looks.get(key);
      if (lookedAtMs !== undefined && nowMs - lookedAtMs < SAME_LOOK_MS) return false;
      looks.delete(key);
      looks.set(key, nowMs);
      for (const oldest of looks.keys()) {
        if (looks.size <= MAX_REMEMBERED) break;
        looks.delete(oldest);
      }
      return true;
    },
  };
}
