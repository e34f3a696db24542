import { Anchor, Code, List, Stack, Text, Title } from '@mantine/core';
import classes from './fleet-page.module.css';

/** Shown while no box is enrolled: how to enrol the first. */
export function EmptyFleet() {
  return (
    <Stack p="xl" gap="md" className={classes.panel}>
      <div>
        <Title order={2} size="h4">
          No device yet
        </Title>
        <Text c="dimmed" size="sm">
          A box joins with a token that works once. It appears here by itself.
        </Text>
      </div>
      <List type="ordered" spacing="sm" size="sm">
        <List.Item>
          On this server, make a token:
          <Code block mt={6}>
            fleetctl token create
          </Code>
        </List.Item>
        <List.Item>
          On the box, with that token in a file:
          <Code block mt={6}>
            {`export WATCHPOST_SERVER_URL=${location.origin}\nwatchpost-agent enrol --token-file token.txt`}
          </Code>
        </List.Item>
        <List.Item>
          Start the agent with a settings file that names its cameras (
          <Code>watchpost-agent config --sample</Code> prints one):
          <Code block mt={6}>
            watchpost-agent run --config agent.yaml
          </Code>
        </List.Item>
      </List>
      <Text c="dimmed" size="sm">
        The API behind all this is described at <Anchor href="/docs">/docs</Anchor>.
      </Text>
    </Stack>
  );
}
