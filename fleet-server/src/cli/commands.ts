import { OFFLINE_ROLES } from '@watchpost/shared/trust/tuf-metadata.ts';
import type { CommandEntry } from './command.ts';

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  'device list': {
    summary: 'list devices, all or those that meet a filter',
    load: async () => (await import('./device-list.ts')).deviceList,
  },
  'device show': {
    summary: 'show one device',
    load: async () => (await import('./device-show.ts')).deviceShow,
  },
  'device deployments': {
    summary: 'show what a device was ordered to run, and what became of it',
    load: async () => (await import('./device-deployments.ts')).deviceDeployments,
  },
  'device preauthorize': {
    summary: 'let the boxes of a list enrol without a token',
    load: async () => (await import('./device-admission.ts')).devicePreauthorize,
  },
  'device accept': {
    summary: 'let a box in that waits',
    load: async () => (await import('./device-admission.ts')).deviceAccept,
  },
  'device reject': {
    summary: 'turn a box away that waits',
    load: async () => (await import('./device-admission.ts')).deviceReject,
  },
  'device revoke': {
    summary: 'cut a device off: its key is good for nothing any more',
    load: async () => (await import('./device-admission.ts')).deviceRevoke,
  },
  'device decommission': {
    summary: 'put a device out of the fleet for good',
    load: async () => (await import('./device-admission.ts')).deviceDecommission,
  },
  'device deploy': {
    summary: 'order a device to run a bundle',
    load: async () => (await import('./device-deploy.ts')).deviceDeploy,
  },
  'device config get': {
    summary: 'show what is set on a device',
    load: async () => (await import('./device-config.ts')).deviceConfigGet,
  },
  'device config set': {
    summary: 'set a device, over its own settings',
    load: async () => (await import('./device-config.ts')).deviceConfigSet,
  },
  'device config reset': {
    summary: 'leave a device to its own settings',
    load: async () => (await import('./device-config.ts')).deviceConfigReset,
  },
  'device config history': {
    summary: 'show what was set on a device, when and by whom',
    load: async () => (await import('./device-config.ts')).deviceConfigHistory,
  },
  'device cmd': {
    summary: 'send a command to a device',
    load: async () => (await import('./device-cmd.ts')).deviceCmd,
  },
  'device commands': {
    summary: 'list the commands a device was sent',
    load: async () => (await import('./device-cmd.ts')).deviceCommands,
  },
  'device snapshot': {
    summary: 'fetch the latest picture of a camera',
    load: async () => (await import('./device-snapshot.ts')).deviceSnapshot,
  },
  'device evidence': {
    summary: 'fetch the pictures of a sighting',
    load: async () => (await import('./device-evidence.ts')).deviceEvidence,
  },
  'device logs': {
    summary: "show the newest lines of a device's log",
    load: async () => (await import('./device-logs.ts')).deviceLogs,
  },
  'device tag': {
    summary: 'give a device tags',
    load: async () => (await import('./device-metadata.ts')).deviceTag,
  },
  'device untag': {
    summary: 'take tags from a device',
    load: async () => (await import('./device-metadata.ts')).deviceUntag,
  },
  'device set-attr': {
    summary: 'give a device attributes, or take them away',
    load: async () => (await import('./device-metadata.ts')).deviceSetAttr,
  },
  'device set-site': {
    summary: 'say at which site a device stands',
    load: async () => (await import('./device-metadata.ts')).deviceSetSite,
  },
  'site list': {
    summary: 'list the sites where devices stand',
    load: async () => (await import('./sites.ts')).siteList,
  },
  'site set': {
    summary: 'make a site, or change one',
    load: async () => (await import('./sites.ts')).siteSet,
  },
  'site delete': {
    summary: 'delete a site where no device stands',
    load: async () => (await import('./sites.ts')).siteDelete,
  },
  'group list': {
    summary: 'list the device groups',
    load: async () => (await import('./device-groups.ts')).groupList,
  },
  'group show': {
    summary: 'show a device group and the devices in it',
    load: async () => (await import('./device-groups.ts')).groupShow,
  },
  'group create': {
    summary: 'make a group of devices, by name or by filter',
    load: async () => (await import('./device-groups.ts')).groupCreate,
  },
  'group delete': {
    summary: 'delete a device group',
    load: async () => (await import('./device-groups.ts')).groupDelete,
  },
  'filter list': {
    summary: 'list the saved filters',
    load: async () => (await import('./saved-filters.ts')).filterList,
  },
  'filter show': {
    summary: 'show a saved filter and the devices it means',
    load: async () => (await import('./saved-filters.ts')).filterShow,
  },
  'filter save': {
    summary: 'save a filter under a name',
    load: async () => (await import('./saved-filters.ts')).filterSave,
  },
  'filter delete': {
    summary: 'forget a saved filter',
    load: async () => (await import('./saved-filters.ts')).filterDelete,
  },
  'filter preview': {
    summary: 'show which devices a filter means',
    load: async () => (await import('./saved-filters.ts')).filterPreview,
  },
  'policy list': {
    summary: 'list the policies of rollouts that have a name',
    load: async () => (await import('./saved-policies.ts')).policyList,
  },
  'policy show': {
    summary: 'show a policy of rollouts',
    load: async () => (await import('./saved-policies.ts')).policyShow,
  },
  'policy delete': {
    summary: 'forget a policy of rollouts',
    load: async () => (await import('./saved-policies.ts')).policyDelete,
  },
  apply: {
    summary: 'bring sites, devices, groups, policies and models to what a file says',
    load: async () => (await import('./apply.ts')).apply,
  },
  'rollout create': {
    summary: 'bring a model to devices, group by group',
    load: async () => (await import('./rollout-create.ts')).rolloutCreate,
  },
  'rollout plan': {
    summary: 'show what a rollout would do',
    load: async () => (await import('./rollout-create.ts')).rolloutPlan,
  },
  'rollout list': {
    summary: 'list rollouts, newest first',
    load: async () => (await import('./rollout-show.ts')).rolloutList,
  },
  'rollout status': {
    summary: 'show how a rollout stands, group by group',
    load: async () => (await import('./rollout-show.ts')).rolloutStatus,
  },
  'rollout watch': {
    summary: 'follow a rollout until it ends',
    load: async () => (await import('./rollout-watch.ts')).rolloutWatch,
  },
  'rollout explain': {
    summary: 'say why a rollout does not go on',
    load: async () => (await import('./rollout-show.ts')).rolloutExplain,
  },
  'rollout gates': {
    summary: 'list the gates there are, or what those of a rollout say',
    load: async () => (await import('./rollout-show.ts')).rolloutGates,
  },
  'rollout devices': {
    summary: 'list the devices of a rollout, and what came of each',
    load: async () => (await import('./rollout-show.ts')).rolloutDevices,
  },
  'rollout journal': {
    summary: 'show every transition of a rollout, and why',
    load: async () => (await import('./rollout-show.ts')).rolloutJournal,
  },
  'rollout approve': {
    summary: 'approve a rollout somebody else made',
    load: async () => (await import('./rollout-act.ts')).rolloutApprove,
  },
  'rollout deny': {
    summary: 'deny a rollout that waits for approval',
    load: async () => (await import('./rollout-act.ts')).rolloutDeny,
  },
  'rollout start': {
    summary: 'start a rollout',
    load: async () => (await import('./rollout-act.ts')).rolloutStart,
  },
  'rollout pause': {
    summary: 'let a rollout order nobody until it is resumed',
    load: async () => (await import('./rollout-act.ts')).rolloutPause,
  },
  'rollout resume': {
    summary: 'let a paused rollout go on',
    load: async () => (await import('./rollout-act.ts')).rolloutResume,
  },
  'rollout stop': {
    summary: 'end a rollout; devices keep what they have',
    load: async () => (await import('./rollout-act.ts')).rolloutStop,
  },
  'rollout rollback': {
    summary: 'take devices back to what each ran before',
    load: async () => (await import('./rollout-act.ts')).rolloutRollback,
  },
  'rollout retry': {
    summary: 'try devices of a rollout again that failed',
    load: async () => (await import('./rollout-act.ts')).rolloutRetry,
  },
  'rollout skip-group': {
    summary: 'begin the next group of a rollout now',
    load: async () => (await import('./rollout-act.ts')).rolloutSkipGroup,
  },
  'token create': {
    summary: 'make a token that enrols one box',
    load: async () => (await import('./token-create.ts')).tokenCreate,
  },
  'bundle build': {
    summary: 'make a bundle from an ONNX classifier',
    load: async () => (await import('./bundle-build.ts')).bundleBuild,
  },
  'bundle push': {
    summary: 'send a bundle to the registry',
    load: async () => (await import('./bundle-push.ts')).bundlePush,
  },
  'bundle list': {
    summary: 'list the bundles in the registry',
    load: async () => (await import('./bundle-list.ts')).bundleList,
  },
  'model push': {
    summary: 'send a bundle to the registry',
    load: async () => (await import('./bundle-push.ts')).bundlePush,
  },
  'model import': {
    summary: 'make a bundle from an MLflow, Hugging Face, timm or Roboflow folder',
    load: async () => (await import('./model-import.ts')).modelImport,
  },
  'model list': {
    summary: 'list every version of every model',
    load: async () => (await import('./model-list.ts')).modelList,
  },
  'model search': {
    summary: 'find versions by their names, labels and lineage',
    load: async () => (await import('./model-list.ts')).modelSearch,
  },
  'model show': {
    summary: 'show a model or a version, or what ran on a box when',
    load: async () => (await import('./model-show.ts')).modelShow,
  },
  'model history': {
    summary: 'show where the aliases of a model pointed',
    load: async () => (await import('./model-alias.ts')).modelHistory,
  },
  'model validate': {
    summary: 'look at a version again',
    load: async () => (await import('./model-steps.ts')).modelValidate,
  },
  'model certify': {
    summary: 'approve or reject a version, with a report',
    load: async () => (await import('./model-steps.ts')).modelCertify,
  },
  'model release': {
    summary: 'release a certified version',
    load: async () => (await import('./model-steps.ts')).modelRelease,
  },
  'model withdraw': {
    summary: 'take a released version back',
    load: async () => (await import('./model-steps.ts')).modelWithdraw,
  },
  'model archive': {
    summary: 'put a version away',
    load: async () => (await import('./model-steps.ts')).modelArchive,
  },
  'model alias': {
    summary: 'point champion or challenger at a version',
    load: async () => (await import('./model-alias.ts')).modelAlias,
  },
  'user add': {
    summary: 'add a person who may log in',
    load: async () => (await import('./user-add.ts')).userAdd,
  },
  'user list': {
    summary: 'list everybody who may log in',
    load: async () => (await import('./user-list.ts')).userList,
  },
  'user set': {
    summary: 'change the roles of a user, disable or enable one',
    load: async () => (await import('./user-set.ts')).userSet,
  },
  'user password': {
    summary: 'set a password',
    load: async () => (await import('./user-password.ts')).userPassword,
  },
  'api-token create': {
    summary: 'make a token for a program',
    load: async () => (await import('./api-token-create.ts')).apiTokenCreate,
  },
  'api-token list': {
    summary: 'list the tokens of programs',
    load: async () => (await import('./api-token-list.ts')).apiTokenList,
  },
  'api-token revoke': {
    summary: 'revoke a token of a program',
    load: async () => (await import('./api-token-revoke.ts')).apiTokenRevoke,
  },
  'audit list': {
    summary: 'show who changed what',
    load: async () => (await import('./audit-list.ts')).auditList,
  },
  'audit export': {
    summary: 'write the audit log to a file',
    load: async () => (await import('./audit-export.ts')).auditExport,
  },
  'audit verify': {
    summary: 'check that nobody changed the audit log',
    load: async () => (await import('./audit-verify.ts')).auditVerify,
  },
  'director rotate': {
    summary: 'make a new key for signing orders',
    load: async () => (await import('./director-rotate.ts')).directorRotate,
  },
  'director announce': {
    summary: 'let boxes take orders by the keys of the director, once targets is signed',
    load: async () => (await import('./director-announce.ts')).directorAnnounce,
  },
  'keys new': {
    summary: 'make a key pair for signing what boxes trust',
    load: async () => (await import('./keys-new.ts')).keysNew,
  },
  'keys init': {
    summary: 'begin the trust of a fleet: keys and first documents',
    load: async () => (await import('./keys-init.ts')).keysInit,
  },
  'keys list': {
    summary: 'list who signs what, and what waits for signatures',
    load: async () => (await import('./keys-list.ts')).keysList,
  },
  'keys add': {
    summary: 'let one more key sign a role',
    load: async () => (await import('./keys-change.ts')).keysAdd,
  },
  'keys rotate': {
    summary: 'replace keys of a role',
    load: async () => (await import('./keys-change.ts')).keysRotate,
  },
  'keys root': {
    summary: 'write the root that boxes are given',
    load: async () => (await import('./keys-root.ts')).keysRoot,
  },
  ...Object.fromEntries(
    OFFLINE_ROLES.map((role) => [
      `sign ${role}`,
      {
        summary: `sign what is staged for ${role}`,
        load: async () => (await import('./sign-role.ts')).createSignCommand(role),
      },
    ]),
  ),
  'target add': {
    summary: 'let boxes install a bundle, once models is signed',
    load: async () => (await import('./target-change.ts')).targetAdd,
  },
  'target remove': {
    summary: 'let no box install a bundle any more',
    load: async () => (await import('./target-change.ts')).targetRemove,
  },
  completion: {
    summary: 'print what makes a shell complete fleetctl',
    load: async () => (await import('./completion.ts')).createCompletion(COMMANDS),
  },
};
