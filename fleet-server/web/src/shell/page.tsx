import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import classes from './page.module.css';

/** The room below the top bar, with the name of the browser tab. */
export function Page({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useDocumentTitle(`${title} · Watchpost`);
  return <main className={classes.page}>{children}</main>;
}
