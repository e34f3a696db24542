import {
  type Fields,
  findOnnx,
  type ImportedModel,
  type ImportFolder,
  isFields,
  known,
  labelsOfMap,
  linesOf,
  textOf,
  textsOf,
  unsuitable,
} from './model-import.ts';

const MODEL_FILE = 'MLmodel';

/**
 * A logged model (its MLmodel file), alone or with what the registry's or the run's folder holds beside it: meta.yaml,
 * `registered_model_meta`, and the files below `params`, `metrics` and `tags`.
 */
export function importMlflow(folder: ImportFolder): ImportedModel {
  const path = [...folder.keys()].find((name) => name === MODEL_FILE || name.endsWith(`/${MODEL_FILE}`));
  const model = path === undefined ? undefined : folder.get(path);
  if (path === undefined || !isFields(model)) throw unsuitable('the folder has no MLmodel file');
  const within = path.slice(0, -MODEL_FILE.length);
  const registered = readRegistration(folder, within);
  const onnx = findModel(folder, model, within);
  const labels = readLabels(folder, model, within);
  const runId = textOf(model.run_id) ?? textOf(registered.runId);
  const params = readFolder(folder, 'params/', (text) => text);
  return {
    ...(registered.name !== undefined && { name: toId(registered.name) }),
    ...(registered.version !== undefined && { version: `${registered.version}.0.0` }),
    ...(onnx !== undefined && { onnx }),
    ...(labels !== undefined && { labels }),
    lineage: known({
      importedFrom: 'mlflow',
      trainingRun: runId,
      codeCommit: textOf(folder.get('tags/mlflow.source.git.commit')),
      parameters: Object.keys(params).length === 0 ? undefined : params,
      mlflowModel: textOf(model.model_uuid) ?? textOf(model.model_id),
      mlflowVersion: textOf(model.mlflow_version),
      createdAt: textOf(model.utc_time_created),
      registeredAs: registered.name && `${registered.name} ${registered.version ?? ''}`.trim(),
      mlflowSource: textOf(registered.source),
    }),
    metrics: readFolder(folder, 'metrics/', lastValue),
  };
}

interface Registration {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly runId?: unknown;
  readonly source?: unknown;
}

/** `meta.yaml` of a model version in the registry's file store, or what a download from the registry leaves. */
function readRegistration(folder: ImportFolder, within: string): Registration {
  const left = folder.get(`${within}registered_model_meta`);
  if (isFields(left)) return { name: textOf(left.model_name), version: numberText(left.model_version) };
  for (const [path, meta] of folder) {
    const isMeta = path === 'meta.yaml' || path.endsWith('/meta.yaml');
    if (!isMeta || !isFields(meta) || meta.version === undefined) continue;
    const { run_id: runId, source } = meta;
    return { name: textOf(meta.name), version: numberText(meta.version), runId, source };
  }
  return {};
}

const numberText = (value: unknown): string | undefined =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;

/** @throws AppError IMPORT_UNSUITABLE for a model that is not kept as ONNX */
function findModel(folder: ImportFolder, model: Fields, within: string): string | undefined {
  const flavors = isFields(model.flavors) ? model.flavors : {};
  const { onnx } = flavors;
  if (!isFields(onnx)) {
    const found = findOnnx(folder);
    if (found !== undefined) return found;
    throw unsuitable(`the model is kept as ${Object.keys(flavors).join(', ') || 'nothing'}, not as onnx`);
  }
  const data = textOf(onnx.data);
  if (data === undefined) return findOnnx(folder);
  return [data, `${data}/model.onnx`].map((it) => `${within}${it}`).find((it) => folder.has(it));
}

/** MLflow has no place of its own for labels: the usual ones are looked at. */
function readLabels(folder: ImportFolder, model: Fields, within: string): readonly string[] | undefined {
  const metadata = isFields(model.metadata) ? model.metadata : {};
  return (
    textsOf(metadata.labels) ??
    textsOf(metadata.class_names) ??
    labelsOfMap(metadata.id2label) ??
    linesOf(folder.get(`${within}labels.txt`)) ??
    linesOf(folder.get('labels.txt'))
  );
}

function readFolder<T>(folder: ImportFolder, below: string, read: (text: string) => T): Record<string, T> {
  return Object.fromEntries(
    [...folder].flatMap(([path, content]) =>
      path.startsWith(below) && typeof content === 'string'
        ? [[path.slice(below.length), read(content.trim())]]
        : [],
    ),
  );
}

/** Lines of `time value step`; the last one counts. */
function lastValue(text: string): number {
  const [, value = ''] = (text.split('\n').at(-1) ?? '').split(' ');
  return Number(value);
}

/** MLflow's names may hold anything. */
const toId = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64);
