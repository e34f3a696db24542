/** A model that does something to its process, with every picture or only with those of the world's cameras. */
export interface HostileModel {
  readonly digest: string;
  readonly deed: 'crash' | 'hang' | 'leak' | 'slow' | 'nan';
  readonly pictures: 'every' | 'of cameras';
}

/** Environment variable with a `HostileModel` as JSON. */
export const HOSTILE_VARIABLE = 'FAULT_MODEL';

const PRELOAD = new URL('./fault-inference.ts', import.meta.url).href;

/** The environment of an agent whose inference processes run that model. */
export function hostileEnv(model: HostileModel): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, [HOSTILE_VARIABLE]: JSON.stringify(model) };
}
