import type { Sprite } from './blob-painter.ts';
import type { Light } from './light.ts';
import type { Canvas } from './overlay.ts';

/** Extent of a model in its own units. */
export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One thing to draw: its sprite and where its model origin stands, in pixels. */
export interface Actor {
  readonly sprite: Sprite;
  readonly originPx: number;
  readonly groundPx: number;
  readonly unitPx: number;
  readonly heading: 1 | -1;
  readonly bounds: Bounds;
}

/** Soft ellipse on the ground, leaning away from the sun. */
export function drawShadow(canvas: Canvas, actor: Actor, light: Light): void {
  const halfWide = ((actor.bounds.right - actor.bounds.left) * actor.unitPx) / 2.9;
  const halfHigh = halfWide * 0.2;
  const centreX = actor.originPx + light.shadowLean * halfWide * 0.4;
  const top = Math.max(0, Math.floor(actor.groundPx - halfHigh));
  const bottom = Math.min(canvas.height - 1, Math.ceil(actor.groundPx + halfHigh));
  const left = Math.max(0, Math.floor(centreX - halfWide));
  const right = Math.min(canvas.width - 1, Math.ceil(centreX + halfWide));
  for (let y = top; y <= bottom; y++) {
    const v = (y - actor.groundPx) / halfHigh;
    for (let x = left; x <= right; x++) {
      const u = (x - centreX) / halfWide;
      const inside = 1 - u * u - v * v;
      if (inside <= 0) continue;
      const keep = 1 - light.shadowDepth01 * Math.min(1, inside * 1.6);
      const i = (y * canvas.width + x) * 3;
      canvas.rgb[i] = (canvas.rgb[i] as number) * keep;
      canvas.rgb[i + 1] = (canvas.rgb[i + 1] as number) * keep;
      canvas.rgb[i + 2] = (canvas.rgb[i + 2] as number) * keep;
    }
  }
}

export function drawActor(canvas: Canvas, actor: Actor): void {
  const { sprite, heading } = actor;
  const top = Math.round(actor.groundPx - actor.bounds.top * actor.unitPx);
  const left = Math.round(
    heading === 1
      ? actor.originPx + actor.bounds.left * actor.unitPx
      : actor.originPx - actor.bounds.left * actor.unitPx - sprite.width,
  );
  const fromX = Math.max(0, -left);
  const toX = Math.min(sprite.width, canvas.width - left);
  for (let row = Math.max(0, -top); row < sprite.height && top + row < canvas.height; row++) {
    let out = ((top + row) * canvas.width + left + fromX) * 3;
    for (let column = fromX; column < toX; column++, out += 3) {
      const source = (row * sprite.width + (heading === 1 ? column : sprite.width - 1 - column)) * 4;
      const alpha = sprite.rgba[source + 3] as number;
      if (alpha === 0) continue;
      for (let channel = 0; channel < 3; channel++) {
        const below = canvas.rgb[out + channel] as number;
        canvas.rgb[out + channel] =
          below + (((sprite.rgba[source + channel] as number) - below) * alpha) / 255;
      }
    }
  }
}
