import { useEffect, useState } from 'react';
import { ApiError, type Telemetry } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';
import { useServices } from '../services.ts';
import { mergeSamples } from './telemetry-metrics.ts';

/** More than a screen has pixels for, and little memory. */
const SAMPLES_KEPT = 720;

/** The samples the server keeps, and after them each that comes live. */
export function useTelemetry(device: string, newest: Telemetry | undefined): readonly Telemetry[] {
  const { api } = useServices();
  const { opened } = useFleet();
  const [samples, setSamples] = useState<readonly Telemetry[]>([]);

  useEffect(() => {
    if (opened === 0) return;
    const stop = new AbortController();
    api.telemetry(device, stop.signal).then(
      (history) => setSamples((known) => mergeSamples(known, history, SAMPLES_KEPT)),
      (error: unknown) => {
        // The live samples draw the curve from here on; the next opening of the stream reads again.
        if (!stop.signal.aborted && !(error instanceof ApiError)) throw error;
      },
    );
    return () => stop.abort();
  }, [api, device, opened]);

  useEffect(() => {
    if (newest) setSamples((known) => mergeSamples(known, [newest], SAMPLES_KEPT));
  }, [newest]);

  return samples;
}
