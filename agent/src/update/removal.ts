/** What lies on the disk of the box for models. */
export interface Inventory {
  /** Names in the folder of bundles: digests, and what an interrupted installation left. */
  readonly bundles: readonly string[];
  /** Names in the folder of files: sha256, with a suffix while they are downloaded. */
  readonly objects: readonly string[];
  /** Names in the folder of graphs that runtimes made ready, which begin with the sha256 of what they are made of. */
  readonly graphs: readonly string[];
}

/** What must stay. */
export interface Referenced {
  /** Bundles of the slots, of the prepared slots, and of the deployment in work. */
  readonly digests: readonly string[];
  /** Files of those; undefined while the manifest of one of them is not known: then no file goes. */
  readonly contents: readonly string[] | undefined;
  /** Files of the deployment in work: what is downloaded of them stays too. */
  readonly wanted?: readonly string[];
}

const SHA256_LENGTH = 64;

/** What no slot and no work needs any more. */
export function planRemoval(inventory: Inventory, referenced: Referenced): Inventory {
  const { digests, contents, wanted = [] } = referenced;
  const isNeeded = (name: string): boolean =>
    contents === undefined || contents.includes(name) || wanted.includes(name.slice(0, SHA256_LENGTH));
  const isOfNeeded = (name: string): boolean =>
    contents === undefined || contents.includes(name.slice(0, SHA256_LENGTH));
  return {
    graphs: inventory.graphs.filter((name) => !isOfNeeded(name)),
    bundles: inventory.bundles.filter((name) => !digests.includes(name)),
    objects: inventory.objects.filter((name) => !isNeeded(name)),
  };
}

export type Room =
  | { readonly kind: 'enough' }
  /** Even when everything else were gone. */
  | { readonly kind: 'never'; readonly neededBytes: number };

/**
 * Whether the models of the box, each content once, stay within what they may take of its disk.
 * @param kept files of the bundles in slots @param added those of the new one
 */
export function computeRoom(
  kept: readonly SizedContent[],
  added: readonly SizedContent[],
  maxBytes: number,
): Room {
  const sizes = new Map([...kept, ...added].map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
  const neededBytes = [...sizes.values()].reduce((total, size) => total + size, 0);
  return neededBytes <= maxBytes ? { kind: 'enough' } : { kind: 'never', neededBytes };
}

export interface SizedContent {
  readonly sha256: string;
  readonly sizeBytes: number;
}
