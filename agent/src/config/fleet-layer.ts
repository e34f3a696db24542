import { SOURCE_KEYS } from '@watchpost/shared/config/camera-rules.ts';
import { isRecord } from '@watchpost/shared/config/find-problems.ts';
import type { CameraChange, FleetSettings } from '@watchpost/shared/config/fleet-settings.ts';

/** What the fleet set: sound by `judgeFleetSettings`. */
export interface FleetLayer {
  /** As a person knows it. */
  readonly name: string;
  readonly settings: FleetSettings;
  /** Holds the folders `media` and `credentials`: where the files are that a fleet may name. */
  readonly dataDir: string;
}

/** @param below what the box itself says, which the changes of single cameras are made to */
export function readFleetLayer({ name, settings, dataDir }: FleetLayer, below: unknown) {
  const { cameras, cameraChanges, ...sections } = settings;
  const isAboutCameras = cameras !== undefined || cameraChanges !== undefined;
  return {
    tree: { ...sections, ...(isAboutCameras && { cameras: placeCameras(settings, below, dataDir) }) },
    sourceOf: () => name,
  };
}

function placeCameras({ cameras, cameraChanges = {} }: FleetSettings, below: unknown, dataDir: string) {
  const own = isRecord(below) && Array.isArray(below.cameras) ? (below.cameras as readonly unknown[]) : [];
  const base = cameras?.map((camera) => placeFiles(camera, dataDir)) ?? own;
  const known = base.map((camera) => (isRecord(camera) ? String(camera.id) : ''));
  const kept = base.flatMap((camera, index) => {
    const change = cameraChanges[known[index] ?? ''];
    return change === undefined || !isRecord(camera) ? [camera] : changeCamera(camera, change, dataDir);
  });
  const added = Object.entries(cameraChanges)
    .filter(([id]) => !known.includes(id))
    .flatMap(([id, change]) => changeCamera({ id }, change, dataDir));
  return [...kept, ...added];
}

const OF_A_SOURCE: readonly string[] = [...SOURCE_KEYS, 'credentialsFile', 'loop', 'pace'];

/** A camera with another source has nothing of the old one: least of all its password. */
function changeCamera(
  camera: Readonly<Record<string, unknown>>,
  { remove, ...change }: CameraChange,
  dataDir: string,
): readonly object[] {
  if (remove === true) return [];
  const isMoved = SOURCE_KEYS.some((key) => change[key] !== undefined);
  const lasting = Object.entries(camera).filter(([key]) => !isMoved || !OF_A_SOURCE.includes(key));
  return [{ ...Object.fromEntries(lasting), ...placeFiles(change, dataDir) }];
}

function placeFiles<Named extends Pick<CameraChange, 'file' | 'folder' | 'credentialsFile'>>(
  named: Named,
  dataDir: string,
): Named {
  const { file, folder, credentialsFile } = named;
  return {
    ...named,
    ...(file !== undefined && { file: `${dataDir}/media/${file}` }),
    ...(folder !== undefined && { folder: `${dataDir}/media/${folder}` }),
    ...(credentialsFile !== undefined && {
      credentialsFile: `${dataDir}/credentials/${credentialsFile.toLowerCase()}`,
    }),
  };
}
