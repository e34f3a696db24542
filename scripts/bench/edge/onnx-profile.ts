/** Times of the whole runs in a profile of ONNX Runtime (chrome trace format), in milliseconds, in their order. */
export function parseModelRuns(profile: string): readonly number[] {
  const events = JSON.parse(profile) as readonly { readonly name?: string; readonly dur?: number }[];
  return events.flatMap(({ name, dur }) => (name === 'model_run' && dur !== undefined ? [dur / 1000] : []));
}
