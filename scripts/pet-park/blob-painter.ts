/** Red, green, blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Straight-alpha picture of one thing, `rgba.length === width * height * 4`. */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
}

/** A limb: two circles and everything between them; a plain circle where both ends agree. */
export interface Blob {
  readonly ax: number;
  readonly ay: number;
  readonly ar: number;
  readonly bx: number;
  readonly by: number;
  readonly br: number;
}

/** Blobs that melt into one body with one paint. Lengths are in model units, y grows upwards. */
export interface Layer {
  readonly blobs: readonly Blob[];
  /** Length over which neighbouring blobs melt together. */
  readonly melt: number;
  /** Distance from the edge at which the surface faces the viewer. */
  readonly depth: number;
  /** A fixed colour, or the model's own texture where it is absent. */
  readonly colour?: Rgb;
  /** Brightness factor: things on the far side are darker. */
  readonly tone: number;
  /** How far the outline frays, in model units. */
  readonly fray?: number;
}

/** Where the model lies in its sprite: model (left, top) is pixel (0, 0). */
export interface Placement {
  readonly left: number;
  readonly top: number;
  readonly unitPx: number;
}

/** Colour of the model at sprite pixel `index`, as three bytes in `texture`. */
export type Texture = Uint8Array;

/** Light falls from above and a little from the front, so that a mirrored sprite stays right. */
const LIGHT_UP = 0.72;
const LIGHT_FRONT = 0.69;
/** Distances are smooth: they are computed on every third pixel and interpolated between. */
const GRID_STEP_PX = 3;

export function limb(ends: readonly [number, number, number, number, number, number]): Blob {
  const [ax, ay, ar, bx, by, br] = ends;
  return { ax, ay, ar, bx, by, br };
}

export function disc(x: number, y: number, radius: number): Blob {
  return { ax: x, ay: y, ar: radius, bx: x, by: y, br: radius };
}

function toPixels(blob: Blob, at: Placement): Blob {
  return {
    ax: (blob.ax - at.left) * at.unitPx,
    ay: (at.top - blob.ay) * at.unitPx,
    ar: blob.ar * at.unitPx,
    bx: (blob.bx - at.left) * at.unitPx,
    by: (at.top - blob.by) * at.unitPx,
    br: blob.br * at.unitPx,
  };
}

function distanceTo(blob: Blob, x: number, y: number): number {
  const dx = blob.bx - blob.ax;
  const dy = blob.by - blob.ay;
  const lengthSquared = dx * dx + dy * dy;
  const along = lengthSquared === 0 ? 0 : ((x - blob.ax) * dx + (y - blob.ay) * dy) / lengthSquared;
  const t = Math.max(0, Math.min(1, along));
  const px = x - blob.ax - dx * t;
  const py = y - blob.ay - dy * t;
  return Math.sqrt(px * px + py * py) - blob.ar - (blob.br - blob.ar) * t;
}

function meltedDistance(blobs: readonly Blob[], meltPx: number, x: number, y: number): number {
  let near = Number.POSITIVE_INFINITY;
  for (const blob of blobs) {
    const distance = distanceTo(blob, x, y);
    const overlap = Math.max(meltPx - Math.abs(near - distance), 0);
    near = Math.min(near, distance) - (meltPx > 0 ? (overlap * overlap) / (4 * meltPx) : 0);
  }
  return near;
}

interface Field {
  readonly x0: number;
  readonly y0: number;
  readonly columns: number;
  readonly rows: number;
  readonly distance: Float32Array;
}

function fieldOf(blobs: readonly Blob[], meltPx: number, sprite: Sprite): Field {
  const margin = 4 + meltPx / 4;
  const x0 = Math.max(
    0,
    Math.floor(Math.min(...blobs.map((b) => Math.min(b.ax - b.ar, b.bx - b.br))) - margin),
  );
  const y0 = Math.max(
    0,
    Math.floor(Math.min(...blobs.map((b) => Math.min(b.ay - b.ar, b.by - b.br))) - margin),
  );
  const x1 = Math.min(
    sprite.width,
    Math.ceil(Math.max(...blobs.map((b) => Math.max(b.ax + b.ar, b.bx + b.br))) + margin),
  );
  const y1 = Math.min(
    sprite.height,
    Math.ceil(Math.max(...blobs.map((b) => Math.max(b.ay + b.ar, b.by + b.br))) + margin),
  );
  const columns = Math.max(0, Math.ceil((x1 - x0) / GRID_STEP_PX));
  const rows = Math.max(0, Math.ceil((y1 - y0) / GRID_STEP_PX));
  const distance = new Float32Array((columns + 1) * (rows + 1));
  for (let row = 0, i = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++, i++) {
      distance[i] = meltedDistance(blobs, meltPx, x0 + column * GRID_STEP_PX, y0 + row * GRID_STEP_PX);
    }
  }
  return { x0, y0, columns, rows, distance };
}

/** Grain in [-0.5, 0.5] that breaks up fur and foliage; fixed to the sprite's pixels. */
function grainAt(x: number, y: number): number {
  let mixed = Math.imul(x, 374761393) + Math.imul(y, 668265263);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 1274126177);
  return ((mixed ^ (mixed >>> 16)) & 255) / 255 - 0.5;
}

/** Brightness of a domed surface: faces the viewer `inward` pixels from its edge, tilts away at the edge. */
function shadeOf(inward: number, depthPx: number, slopeUp: number): number {
  const q = Math.min(1, Math.max(0, inward / depthPx));
  const facing = Math.sqrt(q * (2 - q));
  return 0.52 + 0.62 * ((1 - q) * slopeUp * LIGHT_UP + facing * LIGHT_FRONT);
}

interface Brush {
  readonly sprite: Sprite;
  readonly texture: Texture;
  readonly layer: Layer;
  readonly depthPx: number;
  readonly frayPx: number;
}

function dab(brush: Brush, pixel: number, alpha: number, shade: number): void {
  const { sprite, texture, layer } = brush;
  const out = pixel * 4;
  const source = pixel * 3;
  const before = (sprite.rgba[out + 3] as number) / 255;
  const total = alpha + before * (1 - alpha);
  const keep = (before * (1 - alpha)) / total;
  const add = (alpha / total) * shade;
  for (let channel = 0; channel < 3; channel++) {
    const paint =
      layer.colour === undefined ? (texture[source + channel] as number) : (layer.colour[channel] as number);
    sprite.rgba[out + channel] = (sprite.rgba[out + channel] as number) * keep + paint * add;
  }
  sprite.rgba[out + 3] = total * 255;
}

function paintCell(brush: Brush, field: Field, column: number, row: number): void {
  const corner = row * (field.columns + 1) + column;
  const a = field.distance[corner] as number;
  const b = field.distance[corner + 1] as number;
  const c = field.distance[corner + field.columns + 1] as number;
  const d = field.distance[corner + field.columns + 2] as number;
  const reach = 1 + brush.frayPx;
  if (a > reach + 3 && b > reach + 3 && c > reach + 3 && d > reach + 3) return;
  const slopeUp = (c + d - a - b) / (-2 * GRID_STEP_PX);
  for (let j = 0; j < GRID_STEP_PX; j++) {
    const y = field.y0 + row * GRID_STEP_PX + j;
    const v = j / GRID_STEP_PX;
    for (let i = 0; i < GRID_STEP_PX; i++) {
      const x = field.x0 + column * GRID_STEP_PX + i;
      if (x >= brush.sprite.width || y >= brush.sprite.height) continue;
      const u = i / GRID_STEP_PX;
      const grain = grainAt(x, y);
      const distance = (a + (b - a) * u) * (1 - v) + (c + (d - c) * u) * v + grain * brush.frayPx;
      const alpha = Math.min(1, 0.5 - distance);
      if (alpha <= 0) continue;
      const shade = shadeOf(-distance, brush.depthPx, slopeUp) * (1 + grain * 0.12) * brush.layer.tone;
      dab(brush, y * brush.sprite.width + x, alpha, shade);
    }
  }
}

/** Draws the layer over what the sprite already holds. */
export function paintLayer(sprite: Sprite, texture: Texture, layer: Layer, at: Placement): void {
  const blobs = layer.blobs.map((blob) => toPixels(blob, at));
  if (blobs.length === 0) return;
  const field = fieldOf(blobs, layer.melt * at.unitPx, sprite);
  const brush: Brush = {
    sprite,
    texture,
    layer,
    depthPx: Math.max(1, layer.depth * at.unitPx),
    frayPx: (layer.fray ?? 0) * at.unitPx,
  };
  for (let row = 0; row < field.rows; row++) {
    for (let column = 0; column < field.columns; column++) paintCell(brush, field, column, row);
  }
}

export function createSprite(width: number, height: number): Sprite {
  return { width, height, rgba: new Uint8ClampedArray(width * height * 4) };
}
