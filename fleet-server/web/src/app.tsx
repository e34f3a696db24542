import { lazy, Suspense } from 'react';
import { FleetContext, useNewFleetStore } from './api/fleet-context.ts';
import { DevicePage } from './device/device-page.tsx';
import { FleetPage } from './fleet/fleet-page.tsx';
import { LoginPage } from './login/login-page.tsx';
import { useSession } from './login/use-session.ts';
import type { Viewer } from './rollouts/rollout-actions.ts';
import { CutBanner } from './shell/cut-banner.tsx';
import { ErrorNotice } from './shell/error-notice.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Page } from './shell/page.tsx';
import { type Route, useRoute } from './shell/route.ts';
import { TopBar } from './shell/top-bar.tsx';

/** Loaded when somebody goes there: who looks at the fleet does not wait for its forms. */
const RolloutRoom = lazy(() => import('./rollouts/rollout-room.tsx'));

export function App() {
  const { session, logIn, logOut } = useSession();
  switch (session.kind) {
    case 'unknown':
      return null;
    case 'failed':
      return (
        <Page title="No answer">
          <ErrorNotice error={session.error} />
        </Page>
      );
    case 'out':
      return <LoginPage logIn={logIn} />;
    case 'in':
      return (
        <Fleet
          viewer={{ user: session.user, mayOperate: session.roles.includes('operator') }}
          onLogOut={logOut}
        />
      );
  }
}

function Fleet({ viewer, onLogOut }: { readonly viewer: Viewer; readonly onLogOut: () => void }) {
  const store = useNewFleetStore();
  const route = useRoute();
  return (
    <FleetContext value={store}>
      <TopBar route={route} user={viewer.user} onLogOut={onLogOut} />
      <CutBanner />
      <RoutedPage route={route} viewer={viewer} />
    </FleetContext>
  );
}

function RoutedPage({ route, viewer }: { readonly route: Route; readonly viewer: Viewer }) {
  switch (route.page) {
    case 'fleet':
      return <FleetPage />;
    case 'device':
      return <DevicePage key={route.id} id={route.id} viewer={viewer} />;
    case 'rollouts':
    case 'new-rollout':
    case 'rollout':
      return (
        <Suspense>
          <RolloutRoom route={route} viewer={viewer} />
        </Suspense>
      );
    case 'unknown':
      return <NotFound what="There is no page at this address." />;
  }
}
