import sharp from 'sharp';

/** A real JPEG; another shade is another picture. */
export async function makeJpeg(shade = 128, width = 64, height = 48): Promise<Uint8Array> {
  const background = { r: shade, g: 255 - shade, b: 40 };
  return new Uint8Array(
    await sharp({ create: { width, height, channels: 3, background } })
      .jpeg()
      .toBuffer(),
  );
}
