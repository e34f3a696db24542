export type Kind = 'site' | 'device' | 'group' | 'filter' | 'policy' | 'model';

/** One request that brings the fleet nearer to the file. */
export interface FleetChange {
  readonly verb: 'add' | 'change' | 'remove';
  readonly what: Kind;
  readonly id: string;
  /** What differs, `- was` and `+ becomes`. */
  readonly lines: readonly string[];
  readonly request:
    | { readonly method: 'PUT' | 'PATCH' | 'POST'; readonly path: string; readonly body: unknown }
    | { readonly method: 'DELETE'; readonly path: string };
}
