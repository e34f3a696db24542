/** What one ffmpeg plays of a recording. */
export type Clip =
  | { readonly kind: 'video'; readonly path: string }
  /** Of one format; each is one frame. */
  | { readonly kind: 'pictures'; readonly paths: readonly string[] };
