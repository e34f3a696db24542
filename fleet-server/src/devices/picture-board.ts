import type { PictureBoard } from './port.ts';

interface Picture {
  readonly deviceId: string;
  readonly camera: string;
  readonly jpeg: Uint8Array;
  readonly atMs: number;
}

export interface PictureBoardDeps {
  /** All pictures together; the one that is oldest on the board goes first. */
  readonly maxBytes: number;
  /** A camera has a new picture, or (undefined) none any more. */
  readonly onChange: (deviceId: string, camera: string, atMs: number | undefined) => void;
}

export function createPictureBoard({ maxBytes, onChange }: PictureBoardDeps): PictureBoard {
  /** In the order they were put. */
  const pictures = new Map<string, Picture>();
  let heldBytes = 0;
  const keyOf = (deviceId: string, camera: string): string => `${deviceId}/${camera}`;
  const drop = (key: string): Picture | undefined => {
    const picture = pictures.get(key);
    heldBytes -= picture?.jpeg.length ?? 0;
    pictures.delete(key);
    return picture;
  };
  return {
    get: (deviceId, camera) => pictures.get(keyOf(deviceId, camera)),
    put: (deviceId, camera, jpeg, atMs) => {
      const key = keyOf(deviceId, camera);
      drop(key);
      pictures.set(key, { deviceId, camera, jpeg, atMs });
      heldBytes += jpeg.length;
      onChange(deviceId, camera, atMs);
      for (const oldest of pictures.keys()) {
        if (heldBytes <= maxBytes) break;
        const dropped = drop(oldest);
        if (dropped !== undefined) onChange(dropped.deviceId, dropped.camera, undefined);
      }
    },
  };
}
