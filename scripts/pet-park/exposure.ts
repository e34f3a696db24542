import { GRAIN_LENGTH, type Light } from './light.ts';
import type { Canvas } from './overlay.ts';

/** Light changes slowly over the picture: it is computed on a grid and interpolated between. */
const LIGHT_STEP_PX = 8;

interface GainGrid {
  readonly columns: number;
  readonly gains: Int32Array;
}

function gainGrid(canvas: Canvas, light: Light, timeSec: number): GainGrid {
  const columns = Math.ceil(canvas.width / LIGHT_STEP_PX) + 1;
  const rows = Math.ceil(canvas.height / LIGHT_STEP_PX) + 1;
  const gains = new Int32Array(columns * rows);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const x = (column * LIGHT_STEP_PX) / canvas.height;
      gains[i] = light.gainAt(x, (row * LIGHT_STEP_PX) / canvas.height, timeSec) * 256;
    }
  }
  return { columns, gains };
}

interface RowLight {
  /** Light at every grid column, in 1/256. */
  readonly gains: Int32Array;
  readonly grainFrom: number;
}

/** Lights, tints and grains one row in place. */
function exposeRow(canvas: Canvas, row: number, rowLight: RowLight, light: Light): void {
  const { curves, grain } = light;
  const { gains, grainFrom } = rowLight;
  const { rgb, width } = canvas;
  for (let x = 0, i = row * width * 3; x < width; x++) {
    const column = x >> 3;
    const part = x & 7;
    const gain = ((gains[column] as number) * (8 - part) + (gains[column + 1] as number) * part) >> 3;
    const deviation = grain[(grainFrom + x) & (GRAIN_LENGTH - 1)] as number;
    for (const curve of curves) {
      const lit = (((curve[rgb[i] as number] as number) * gain) >> 8) + deviation;
      rgb[i++] = Math.max(0, Math.min(255, lit));
    }
  }
}

/** Turns the drawn scene into what the camera's sensor sees; `grainKey` chooses the noise of this frame. */
export function expose(canvas: Canvas, light: Light, moment: { timeSec: number; grainKey: number }): void {
  const { columns, gains } = gainGrid(canvas, light, moment.timeSec);
  const rowGains = new Int32Array(columns);
  for (let row = 0; row < canvas.height; row++) {
    const above = Math.floor(row / LIGHT_STEP_PX) * columns;
    const part = row % LIGHT_STEP_PX;
    for (let column = 0; column < columns; column++) {
      const upper = gains[above + column] as number;
      const lower = gains[above + columns + column] as number;
      rowGains[column] = upper + ((lower - upper) * part) / LIGHT_STEP_PX;
    }
    const grainFrom = Math.imul(moment.grainKey + row, 40503) >>> 5;
    exposeRow(canvas, row, { gains: rowGains, grainFrom }, light);
  }
}
