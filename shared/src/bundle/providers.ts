/** What may run a model, best first; every box has the last. */
export const PROVIDERS = ['tensorrt', 'cuda', 'openvino', 'cpu'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What a box is told to run models on; `auto`: what is fastest there. */
export const ACCELERATORS = ['auto', ...PROVIDERS] as const;
export type Accelerator = (typeof ACCELERATORS)[number];
