import '@mantine/core/styles.css';
import './shell/tokens.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApi } from './api/client.ts';
import { openLive } from './api/live.ts';
import { App } from './app.tsx';
import { ServicesContext } from './services.ts';
import { theme } from './shell/theme.ts';
import { createTicker } from './shell/ticker.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <ServicesContext value={{ api: createApi(), openLive, ticker: createTicker() }}>
        <App />
      </ServicesContext>
    </MantineProvider>
  </StrictMode>,
);
