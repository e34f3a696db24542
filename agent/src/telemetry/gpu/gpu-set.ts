import type { GpuSource } from '../port.ts';

/** All graphics cards of a box, whoever makes them. */
export function createGpuSet(sources: readonly GpuSource[]): GpuSource {
  return { read: async () => (await Promise.all(sources.map((source) => source.read()))).flat() };
}
