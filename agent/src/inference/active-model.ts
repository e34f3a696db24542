import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ActiveModel, Classification, RunningModel } from './port.ts';

/** Classifiers are not reentrant, so frames go through one at a time; each camera waits for its own. */
export function createActiveModel(): ActiveModel {
  let model: RunningModel | undefined;
  let lastInLine: Promise<unknown> = Promise.resolve();

  const inLine = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = lastInLine.then(work);
    lastInLine = result.catch(() => undefined);
    return result;
  };

  const classify = async (rgb: Uint8Array): Promise<Classification | undefined> => {
    const chosen = model;
    if (chosen === undefined || rgb.length !== inputBytes(chosen.manifest)) return undefined;
    return { model: chosen, prediction: await chosen.classifier.classify(rgb) };
  };

  const replace = async (next: RunningModel | undefined): Promise<void> => {
    const before = model;
    model = next;
    await before?.classifier.release();
  };

  return {
    current: () => model,
    replace: (next) => inLine(() => replace(next)),
    classify: (rgb) => inLine(() => classify(rgb)),
    release: () => inLine(() => replace(undefined)),
  };
}

function inputBytes({ input }: Manifest): number {
  return input.width * input.height * 3;
}
