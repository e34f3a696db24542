import type { AttackFamily } from './attack.ts';
import { COMMANDS_FAMILY } from './commands-family.ts';
import { GUESS_FAMILY } from './guess-family.ts';
import { HTTP_FAMILY } from './http-family.ts';
import { IDENTITY_FAMILY } from './identity-family.ts';
import { INSTALLS_FAMILY } from './installs-family.ts';
import { MQTT_FAMILY } from './mqtt-family.ts';
import { NETWORK_FAMILY } from './network-family.ts';
import { ORDERS_FAMILY } from './orders-family.ts';
import { PATHS_FAMILY } from './paths-family.ts';
import { RECEIPTS_FAMILY } from './receipts-family.ts';
import { SETTINGS_FAMILY } from './settings-family.ts';
import { TUF_FAMILY } from './tuf-family.ts';

/** Every attack there is, in the order they are mounted. */
export const FAMILIES: readonly AttackFamily[] = [
  TUF_FAMILY,
  ORDERS_FAMILY,
  SETTINGS_FAMILY,
  COMMANDS_FAMILY,
  INSTALLS_FAMILY,
  NETWORK_FAMILY,
  RECEIPTS_FAMILY,
  IDENTITY_FAMILY,
  MQTT_FAMILY,
  PATHS_FAMILY,
  HTTP_FAMILY,
  GUESS_FAMILY,
];
