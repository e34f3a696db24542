import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Cameras that show the same scene. */
export interface LiveCameras {
  /** Entries of the agent's `cameras`, each at an address of its own, so that they are opened as different hosts are. */
  configs(count: number, more?: object): readonly Readonly<Record<string, unknown>>[];
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('rtsp-camera.ts', import.meta.url));

export async function startLiveCameras(video: string): Promise<LiveCameras> {
  const child = spawn(process.execPath, [SCRIPT, video], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the camera of the bench ended');
    }),
  ])) as [Buffer];
  return {
    configs: (count, more) =>
      Array.from({ length: count }, (_, at) => ({
        id: `camera-${at + 1}`,
        url: `rtsp://127.0.0.${at + 1}:${Number(port.toString())}/live`,
        fps: 5,
        ...more,
      })),
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
