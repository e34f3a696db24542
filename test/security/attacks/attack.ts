/** One attack on a real part of the product, and the same flow when everybody is honest. */
export interface Attack {
  readonly family: string;
  readonly name: string;
  /** Rejects when the attack could not be mounted or was refused for another reason: that proves nothing. */
  attack(): Promise<'rejected' | 'ACCEPTED'>;
  honestTwin(): Promise<'accepted' | 'REFUSED'>;
}

/** Attacks that share what they are mounted on. */
export interface AttackFamily {
  readonly name: string;
  readonly attacks: readonly Attack[];
  /** Takes down whatever the attacks opened. */
  close(): Promise<void>;
}

/** An attack as its family tells it, on a world that is open. */
export interface AttackPlan<World> {
  readonly name: string;
  /** Mounts it; true when the world refused. */
  readonly isRefused: (world: World) => Promise<boolean>;
  /** True when the world takes the honest flow. */
  readonly isTaken: (world: World) => Promise<boolean>;
}

export interface Closable {
  close(): Promise<void>;
}

export interface FamilyOptions<World extends Closable> {
  readonly name: string;
  readonly open: () => Promise<World>;
  /** `shared`: one world for all, opened by the first that needs it; `fresh`: a new one for each flow. */
  readonly scope: 'shared' | 'fresh';
  readonly plans: readonly AttackPlan<World>[];
}

export function createFamily<World extends Closable>(options: FamilyOptions<World>): AttackFamily {
  const { name, open, scope, plans } = options;
  let kept: Promise<World> | undefined;
  const inWorld = async (flow: (world: World) => Promise<boolean>): Promise<boolean> => {
    if (scope === 'shared') {
      kept ??= open();
      return flow(await kept);
    }
    const world = await open();
    try {
      return await flow(world);
    } finally {
      await world.close();
    }
  };
  return {
    name,
    attacks: plans.map(({ name: title, isRefused, isTaken }) => ({
      family: name,
      name: title,
      attack: async () => ((await inWorld(isRefused)) ? 'rejected' : 'ACCEPTED'),
      honestTwin: async () => ((await inWorld(isTaken)) ? 'accepted' : 'REFUSED'),
    })),
    close: async () => (await kept)?.close(),
  };
}

/** True when `work` rejects with one of the codes; any other failure is handed on. */
export async function isRefusedWith(codes: readonly string[], work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) return true;
    throw error;
  }
}

/** True when `work` resolves. */
export const isDone = (work: Promise<unknown>): Promise<true> => work.then(() => true);
