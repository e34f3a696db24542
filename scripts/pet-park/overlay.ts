/** A 5x7 font of our own: each glyph is seven rows of five bits, the most significant bit on the left. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 2, 4, 8, 31],
  '3': [30, 1, 1, 14, 1, 1, 30],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  ':': [0, 4, 4, 0, 4, 4, 0],
  '-': [0, 0, 0, 14, 0, 0, 0],
  A: [14, 17, 17, 31, 17, 17, 17],
  C: [14, 17, 16, 16, 16, 17, 14],
  E: [31, 16, 16, 30, 16, 16, 31],
  K: [17, 18, 20, 24, 20, 18, 17],
  M: [17, 27, 21, 21, 17, 17, 17],
  P: [30, 17, 17, 30, 16, 16, 16],
  R: [30, 17, 17, 30, 20, 18, 17],
  T: [31, 4, 4, 4, 4, 4, 4],
};
const ROWS = 7;
const COLUMNS = 5;

export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

interface Pen {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

function fillCell(canvas: Canvas, pen: Pen, value: number): void {
  for (let y = pen.y; y < pen.y + pen.scale; y++) {
    if (y < 0 || y >= canvas.height) continue;
    const from = Math.max(0, pen.x);
    const to = Math.min(canvas.width, pen.x + pen.scale);
    if (to > from) canvas.rgb.fill(value, (y * canvas.width + from) * 3, (y * canvas.width + to) * 3);
  }
}

function drawGlyph(canvas: Canvas, rows: readonly number[], pen: Pen, value: number): void {
  for (let cell = 0; cell < ROWS * COLUMNS; cell++) {
    const row = Math.floor(cell / COLUMNS);
    const column = cell % COLUMNS;
    if (((rows[row] ?? 0) >> (COLUMNS - 1 - column)) % 2 === 0) continue;
    fillCell(canvas, { x: pen.x + column * pen.scale, y: pen.y + row * pen.scale, scale: pen.scale }, value);
  }
}

/** White letters with a dark edge, as recorders burn them in; unknown characters leave a gap. */
export function drawText(canvas: Canvas, text: string, pen: Pen): void {
  const edge = Math.max(1, Math.round(pen.scale / 3));
  for (const [pass, value] of [
    [edge, 20],
    [0, 238],
  ] as const) {
    [...text].forEach((character, i) => {
      const rows = GLYPHS[character];
      const x = pen.x + i * (COLUMNS + 1) * pen.scale + pass;
      if (rows !== undefined) drawGlyph(canvas, rows, { x, y: pen.y + pass, scale: pen.scale }, value);
    });
  }
}

export function textWidth(text: string, scale: number): number {
  return text.length * (COLUMNS + 1) * scale;
}
