import { Button, CloseButton, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { DeviceView } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { SearchIcon } from '../shell/icons.tsx';
import { Page } from '../shell/page.tsx';
import { EmptyFleet } from './empty-fleet.tsx';
import { FleetCards } from './fleet-cards.tsx';
import { FleetCountBar } from './fleet-count-bar.tsx';
import classes from './fleet-page.module.css';
import { FleetTable } from './fleet-table.tsx';
import { countFleet, explainFilter, type FleetFilter, selectDevices } from './select-devices.ts';

export function FleetPage() {
  const { devices, error } = useFleet();
  return (
    <Page title="Fleet">
      <Title order={1} className={classes.hidden}>
        Fleet
      </Title>
      {error && <ErrorNotice error={error} />}
      {devices === undefined && !error && <Skeleton height={240} aria-label="Reading the fleet" />}
      {devices?.length === 0 && <EmptyFleet />}
      {devices !== undefined && devices.length > 0 && <FleetList devices={devices} />}
    </Page>
  );
}

const NO_FILTER: FleetFilter = { text: '', connection: undefined };

function FleetList({ devices }: { readonly devices: readonly DeviceView[] }) {
  const [filter, setFilter] = useState(NO_FILTER);
  const deferred = useDeferredValue(filter);
  const counts = useMemo(() => countFleet(devices), [devices]);
  const shown = useMemo(() => selectDevices(devices, deferred), [devices, deferred]);
  return (
    <>
      <div className={classes.tools}>
        <FleetCountBar
          counts={counts}
          total={devices.length}
          chosen={filter.connection}
          onChoose={(connection) => setFilter({ ...filter, connection })}
        />
        <FilterBox text={filter.text} onText={(text) => setFilter({ ...filter, text })} />
      </div>
      {shown.length > 0 ? <Rows devices={shown} /> : <NoMatch onClear={() => setFilter(NO_FILTER)} />}
    </>
  );
}

function FilterBox({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => input.current?.focus()]]);
  return (
    <TextInput
      ref={input}
      className={classes.filter}
      aria-label="Filter devices"
      placeholder="Words, or a filter: tag:lab and cores > 2"
      error={explainFilter(text)}
      leftSection={<SearchIcon />}
      rightSection={text && <CloseButton size="sm" aria-label="Clear filter" onClick={() => onText('')} />}
      value={text}
      onChange={(event) => onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onText('');
      }}
    />
  );
}

const PAGE_ROWS = 100;

function Rows({ devices }: { readonly devices: readonly DeviceView[] }) {
  const [limit, setLimit] = useState(PAGE_ROWS);
  const narrow = useMediaQuery('(max-width: 56em)', false, { getInitialValueInEffect: false });
  const List = narrow ? FleetCards : FleetTable;
  const hidden = devices.length - limit;
  return (
    <>
      <List devices={devices.slice(0, limit)} />
      {hidden > 0 && (
        <Button variant="default" onClick={() => setLimit(limit + PAGE_ROWS)}>
          Show {Math.min(hidden, PAGE_ROWS)} more of {hidden}
        </Button>
      )}
    </>
  );
}

function NoMatch({ onClear }: { readonly onClear: () => void }) {
  return (
    <Stack align="center" py={48} gap="xs" className={classes.panel}>
      <Text>No device matches the filter.</Text>
      <Button size="compact-sm" variant="light" onClick={onClear}>
        Clear the filter
      </Button>
    </Stack>
  );
}
