/**
 * How a source's pictures become tensors: `squash` ignores the aspect, `cover` cuts a centred crop, `letterbox` keeps
 * the whole picture, centred between edges.
 */
export interface FramePlan {
  readonly width: number;
  readonly height: number;
  readonly fit: 'squash' | 'cover' | 'letterbox';
  /** For `cover`: the shortest edge is scaled to this before the crop of width x height. */
  readonly shortestEdge?: number;
  /** For `letterbox`: grey level of the edges, 0 (black) without it. */
  readonly padLevel?: number;
  readonly scaleFlags: 'bilinear' | 'bicubic' | 'area' | 'lanczos';
}

export function isSamePlan(a: FramePlan, b: FramePlan): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.fit === b.fit &&
    a.shortestEdge === b.shortestEdge &&
    a.padLevel === b.padLevel &&
    a.scaleFlags === b.scaleFlags
  );
}

/** For `cover`: what a picture is scaled to cover, before width x height are cut out of its centre. */
export function computeCoverBox({ width, height, shortestEdge }: FramePlan): {
  readonly width: number;
  readonly height: number;
} {
  const scale = Math.max(1, (shortestEdge ?? 0) / Math.min(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
