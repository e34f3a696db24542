import { Alert, Code, Text } from '@mantine/core';
import type { ApiError } from '../api/client.ts';

/** What failed, what to do about it, and what to quote to whoever reads the server's log. */
export function ErrorNotice({ error }: { readonly error: ApiError }) {
  const { code, message, remedy, requestId } = error.reply;
  return (
    <Alert color="red" role="alert" title={message} p="sm">
      <Text size="sm">{remedy}</Text>
      <Text size="xs" c="dimmed" mt={4}>
        <Code>{code}</Code> {requestId && `request ${requestId}`}
      </Text>
    </Alert>
  );
}
