import { GRAY } from '../frames/frame-outputs.ts';
import type { Motion } from '../port.ts';

/** Pixels are counted in squares of this many; what lies in squares that touch is one thing. */
const CELL = 4;
const COLUMNS = Math.ceil(GRAY.width / CELL);
const ROWS = Math.ceil(GRAY.height / CELL);
/** Fewer pixels of a square are sensor noise... */
const MIN_CELL_PIXELS = 3;
/** ... and fewer of a thing an artefact of the codec. */
const MIN_PIXELS = 10;
/** Beside something large, what is smaller than this share of it does not count. */
const MIN_SHARE_OF_LARGEST = 0.1;

interface Mover {
  readonly pixels: number;
  /** In cells, both ends included. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** @param moving 1 for each pixel of the grey picture that differs from its background */
export function findMovers(moving: Uint8Array): Motion {
  const found = joinCells(countCells(moving)).filter(({ pixels }) => pixels >= MIN_PIXELS);
  const largest = Math.max(0, ...found.map(({ pixels }) => pixels));
  const movers = found.filter(({ pixels }) => pixels >= largest * MIN_SHARE_OF_LARGEST);
  if (movers.length === 0) return { share01: 0 };
  const pixels = movers.reduce((sum, mover) => sum + mover.pixels, 0);
  const [x, y] = [Math.min(...movers.map(({ left }) => left)), Math.min(...movers.map(({ top }) => top))];
  const right = Math.max(...movers.map((mover) => mover.right)) + 1;
  const bottom = Math.max(...movers.map((mover) => mover.bottom)) + 1;
  const [x01, y01] = [(x * CELL) / GRAY.width, (y * CELL) / GRAY.height];
  return {
    share01: pixels / (GRAY.width * GRAY.height),
    around: {
      x01,
      y01,
      width01: Math.min(1, (right * CELL) / GRAY.width) - x01,
      height01: Math.min(1, (bottom * CELL) / GRAY.height) - y01,
    },
  };
}

/** The cell of each pixel. */
const CELL_OF = Uint16Array.from({ length: GRAY.width * GRAY.height }, (_, at) => {
  const row = Math.floor(at / (GRAY.width * CELL));
  return row * COLUMNS + Math.floor((at % GRAY.width) / CELL);
});

function countCells(moving: Uint8Array): Uint8Array {
  const cells = new Uint8Array(COLUMNS * ROWS);
  for (let at = 0; at < moving.length; at += 1) {
    const cell = CELL_OF[at] ?? 0;
    cells[cell] = (cells[cell] ?? 0) + (moving[at] ?? 0);
  }
  return cells;
}

/** Takes the cells of each thing out of `cells`. */
function joinCells(cells: Uint8Array): readonly Mover[] {
  const movers: Mover[] = [];
  for (let cell = 0; cell < cells.length; cell += 1) {
    if ((cells[cell] ?? 0) >= MIN_CELL_PIXELS) movers.push(takeMover(cells, cell));
  }
  return movers;
}

function takeMover(cells: Uint8Array, first: number): Mover {
  let [pixels, left, top, right, bottom] = [0, COLUMNS, ROWS, 0, 0];
  const waiting = [first];
  for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
    const count = cells[cell] ?? 0;
    if (count < MIN_CELL_PIXELS) continue;
    cells[cell] = 0;
    const [x, y] = [cell % COLUMNS, Math.floor(cell / COLUMNS)];
    pixels += count;
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    waiting.push(...neighboursOf(x, y));
  }
  return { pixels, left, top, right, bottom };
}

function neighboursOf(x: number, y: number): readonly number[] {
  const found: number[] = [];
  for (let row = Math.max(0, y - 1); row <= Math.min(ROWS - 1, y + 1); row += 1) {
    for (let column = Math.max(0, x - 1); column <= Math.min(COLUMNS - 1, x + 1); column += 1) {
      found.push(row * COLUMNS + column);
    }
  }
  return found;
}
