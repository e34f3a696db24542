import type { Route } from '../shell/route.ts';
import { NewRolloutPage } from './new-rollout-page.tsx';
import type { Viewer } from './rollout-actions.ts';
import { RolloutPage } from './rollout-page.tsx';
import { RolloutsPage } from './rollouts-page.tsx';

interface RolloutRoomProps {
  readonly route: Extract<Route, { readonly page: 'rollouts' | 'new-rollout' | 'rollout' }>;
  readonly viewer: Viewer;
}

/** Every page about rollouts. */
export default function RolloutRoom({ route, viewer }: RolloutRoomProps) {
  switch (route.page) {
    case 'rollouts':
      return <RolloutsPage mayOperate={viewer.mayOperate} />;
    case 'new-rollout':
      return <NewRolloutPage mayOperate={viewer.mayOperate} />;
    case 'rollout':
      return <RolloutPage key={route.id} id={route.id} viewer={viewer} />;
  }
}
