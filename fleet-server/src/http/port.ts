import type { DeploymentView, TokenReply } from '@watchpost/shared/api/registry.ts';
import type { EnrolRequest, EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';

/** What the API needs of the enrolment of devices. */
export interface Enrolment {
  /** @param ttlMinutes how long the token may be used */
  createToken(ttlMinutes: number): Promise<TokenReply>;
  /** @throws AppError TOKEN_INVALID | TOKEN_USED | PROOF_INVALID | STORE_FAILED */
  enrol(request: EnrolRequest): Promise<EnrolResponse>;
}

/** What the API needs of whoever gives orders to devices. */
export interface Director {
  /**
   * Orders a device to run a bundle.
   * @throws AppError NOT_FOUND for an unknown device or bundle | STORE_FAILED
   */
  deploy(deviceId: string, bundleDigest: string): Promise<DeploymentView>;
}
