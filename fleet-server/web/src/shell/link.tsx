import type { ComponentProps, MouseEvent } from 'react';
import { navigate } from './route.ts';

/** A link inside the page. With a modifier key or another button the browser does what it always does. */
export function Link({ href, children, ...rest }: ComponentProps<'a'> & { readonly href: string }) {
  const onClick = (event: MouseEvent): void => {
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!plain) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a {...rest} href={href} onClick={onClick}>
      {children}
    </a>
  );
}
