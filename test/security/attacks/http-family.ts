import { createFamily } from './attack.ts';
import { BODY_PLANS } from './body-plans.ts';
import { EVIDENCE_PLANS } from './evidence-plans.ts';
import { openHttpStage } from './http-stage.ts';
import { MODEL_PLANS } from './model-plans.ts';
import { SESSION_PLANS } from './session-plans.ts';

/** What anybody who reaches the web server may try. */
export const HTTP_FAMILY = createFamily({
  name: 'http',
  open: openHttpStage,
  scope: 'shared',
  plans: [...BODY_PLANS, ...SESSION_PLANS, ...MODEL_PLANS, ...EVIDENCE_PLANS],
});
