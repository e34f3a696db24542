import { cameraConfig, watchCamera } from './camera-session.ts';

/** A process with a camera that leaves without stopping it; started by a test with `fork`. */
const session = await watchCamera(cameraConfig({ file: process.argv[2] ?? '', loop: true }));
await session.frame();
process.once('message', () => process.exit(0));
process.send?.('captured');
