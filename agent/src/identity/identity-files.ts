import { join } from 'node:path';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';

/** Where a box keeps who it is. Only the agent's user can read the folder. */
export function identityFiles(dataDir: string) {
  const folder = join(dataDir, 'identity');
  return {
    folder,
    deviceKey: join(folder, 'device-key.pem'),
    secret: join(folder, 'secret'),
    /** What the server answered: written last, so that its presence means "enrolled". */
    identity: join(folder, 'identity.json'),
  } as const;
}

/** @throws AppError MESSAGE_INVALID */
export const parseEnrolResponse = createParser(EnrolResponse, 'answer to the enrolment');
