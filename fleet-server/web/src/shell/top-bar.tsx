import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useFleet } from '../api/fleet-context.ts';
import type { Link as LiveLink } from '../api/fleet-store.ts';
import { Logo, MoonIcon, SunIcon } from './icons.tsx';
import { Link } from './link.tsx';
import { ROLLOUTS_PATH, type Route } from './route.ts';
import { StateBadge } from './state-badge.tsx';
import type { Word } from './state-words.ts';
import classes from './top-bar.module.css';

const LINK_WORDS: Readonly<Record<LiveLink, Word>> = {
  connecting: { text: 'Connecting', tone: 'busy' },
  live: { text: 'Live', tone: 'good' },
  cut: { text: 'Reconnecting', tone: 'warn' },
};

interface TopBarProps {
  readonly route: Route;
  readonly user: string;
  readonly onLogOut: () => void;
}

export function TopBar({ route, user, onLogOut }: TopBarProps) {
  const { link } = useFleet();
  return (
    <header className={classes.bar}>
      <Link href="/" className={classes.brand}>
        <Logo /> <span>Watchpost</span>
      </Link>
      <nav className={classes.crumbs} aria-label="Where you are">
        <Link href="/" aria-current={route.page === 'fleet' ? 'page' : undefined}>
          Fleet
        </Link>
        {route.page === 'device' && <Crumb name={route.id} />}
        <Link href={ROLLOUTS_PATH} aria-current={currentIn(route)}>
          Rollouts
        </Link>
        {route.page === 'new-rollout' && <Crumb name="New" />}
      </nav>
      <div className={classes.right}>
        <span role="status" aria-label="Live connection">
          <StateBadge word={LINK_WORDS[link]} />
        </span>
        <SchemeToggle />
        <span className={classes.user}>{user}</span>
        <Button size="compact-sm" variant="default" onClick={onLogOut}>
          Sign out
        </Button>
      </div>
    </header>
  );
}

/** The page itself, or one of the pages below it. */
function currentIn({ page }: Route): 'page' | 'true' | undefined {
  if (page === 'rollouts') return 'page';
  return page === 'rollout' || page === 'new-rollout' ? 'true' : undefined;
}

/** Where below the link before it the page is. */
function Crumb({ name }: { readonly name: string }) {
  return (
    <span className={classes.here}>
      <span aria-hidden="true">/ </span>
      <span aria-current="page">{name}</span>
    </span>
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark';
  return (
    <ActionIcon
      variant="default"
      size={26}
      aria-label={`Switch to ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      {other === 'light' ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
