import { doCommand, fetchCommandFile, savePrivately } from './cmd-order.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const deviceSnapshot: Command = {
  description: 'Has a device send the latest picture of one of its cameras, and writes it to a file (JPEG).',
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    camera: { value: 'CAMERA', description: 'id of the camera' },
    out: { value: 'FILE', description: 'file to write' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const camera = input.values.requireText('camera');
    const path = input.values.requireText('out');
    const json = await withServer(input, async (api) => {
      const command = await doCommand(api, id, { name: 'snapshot', args: { camera } });
      const bytes = await fetchCommandFile(api, command);
      await savePrivately(path, bytes);
      return { path, sizeBytes: bytes.length, command };
    });
    return { text: `${path} holds ${json.sizeBytes} bytes of camera ${camera} of ${id}`, json };
  },
};
