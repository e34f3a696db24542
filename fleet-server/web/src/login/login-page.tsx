import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useState } from 'react';
import { ApiError, type LoginRequest } from '../api/client.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { Logo } from '../shell/icons.tsx';
import classes from './login-page.module.css';

export function LoginPage({ logIn }: { readonly logIn: (request: LoginRequest) => Promise<void> }) {
  useDocumentTitle('Sign in · Watchpost');
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);

  const submit = async (form: FormData): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await logIn({ user: String(form.get('user')), password: String(form.get('password')) });
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <main className={classes.room}>
      <Paper withBorder p="xl" className={classes.card}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit(new FormData(event.currentTarget));
          }}
        >
          <Stack gap="md">
            <div className={classes.brand}>
              <Logo size={32} />
              <Title order={1} size="h3">
                Watchpost
              </Title>
              <Text size="sm" c="dimmed">
                Sign in to the fleet server
              </Text>
            </div>
            {error && <ErrorNotice error={error} />}
            <TextInput
              name="user"
              label="User"
              autoComplete="username"
              required
              autoFocus
              withAsterisk={false}
            />
            <PasswordInput
              name="password"
              label="Password"
              autoComplete="current-password"
              required
              withAsterisk={false}
            />
            <Button type="submit" loading={busy} fullWidth>
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
