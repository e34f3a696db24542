import { join } from 'node:path';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { EnrolPending, EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';
import Type from 'typebox';

/** Where a box keeps who it is. Only the agent's user can read the folder. */
export function identityFiles(dataDir: string) {
  const folder = join(dataDir, 'identity');
  return {
    folder,
    deviceKey: join(folder, 'device-key.pem'),
    secret: join(folder, 'secret'),
    /** The certificate of the box, then that of the authority. */
    certificate: join(folder, 'certificate.pem'),
    /** What the server answered: written last, so that its presence means "enrolled". */
    identity: join(folder, 'identity.json'),
  } as const;
}

/** 32 random bytes in base64url; a file of anything else is damaged. */
const SECRET = /^[\w-]{1,64}$/;
export const isSecret = (text: string): boolean => SECRET.test(text);

/** What stays as it was told at enrolment. */
const { certificate: _renewed, caCertificate: _authority, ...lasting } = EnrolResponse.properties;
const LastingIdentity = Type.Object(lasting, { additionalProperties: false });

/** @throws AppError MESSAGE_INVALID */
export const parseEnrolResponse = createParser(EnrolResponse, 'answer to the enrolment');
/** @throws AppError MESSAGE_INVALID */
export const parseEnrolPending = createParser(EnrolPending, 'answer to a box that waits');
/** @throws AppError MESSAGE_INVALID */
export const parseIdentityFile = createParser(LastingIdentity, 'identity of the box');
