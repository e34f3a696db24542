/**
 * The three functions of the metadata proposal that the container inside `@peculiar/x509` asks for when it is loaded.
 * Import this file before that library. Metadata of a class is looked up along its prototypes.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let it: object | null = target; it !== null; it = Reflect.getPrototypeOf(it)) {
    if (metadata.get(it)?.has(key) === true) return getOwnMetadata(key, it);
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, own.set(key, value));
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
