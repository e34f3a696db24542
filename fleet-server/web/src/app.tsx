import { FleetContext, useNewFleetStore } from './api/fleet-context.ts';
import { DevicePage } from './device/device-page.tsx';
import { FleetPage } from './fleet/fleet-page.tsx';
import { LoginPage } from './login/login-page.tsx';
import { useSession } from './login/use-session.ts';
import { CutBanner } from './shell/cut-banner.tsx';
import { ErrorNotice } from './shell/error-notice.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Page } from './shell/page.tsx';
import { type Route, useRoute } from './shell/route.ts';
import { TopBar } from './shell/top-bar.tsx';

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
      return <Fleet user={session.user} onLogOut={logOut} />;
  }
}

function Fleet({ user, onLogOut }: { readonly user: string; readonly onLogOut: () => void }) {
  const store = useNewFleetStore();
  const route = useRoute();
  return (
    <FleetContext value={store}>
      <TopBar route={route} user={user} onLogOut={onLogOut} />
      <CutBanner />
      <RoutedPage route={route} />
    </FleetContext>
  );
}

function RoutedPage({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'fleet':
      return <FleetPage />;
    case 'device':
      return <DevicePage key={route.id} id={route.id} />;
    case 'unknown':
      return <NotFound what="There is no page at this address." />;
  }
}
