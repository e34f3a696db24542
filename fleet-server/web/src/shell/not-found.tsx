import { Anchor, Text, Title } from '@mantine/core';
import { Link } from './link.tsx';
import { Page } from './page.tsx';

export function NotFound({ what }: { readonly what: string }) {
  return (
    <Page title="Not found">
      <Title order={1} size="h3">
        Not found
      </Title>
      <Text>
        {what}{' '}
        <Anchor component={Link} href="/">
          Go to the fleet
        </Anchor>
      </Text>
    </Page>
  );
}
