import { useEffect, useState } from 'react';
import { ApiError, type DeploymentHistory, type DeviceView } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';
import { useServices } from '../services.ts';

/** What the device told of its newest deployment; read again whenever the live stream says that there is more. */
export function useDeployment({ id: device, deployment }: DeviceView): DeploymentHistory | undefined {
  const { api } = useServices();
  const { opened } = useFleet();
  const [history, setHistory] = useState<DeploymentHistory>();
  const id = deployment?.id;
  const updatedAtMs = deployment?.updatedAtMs;

  useEffect(() => {
    if (opened === 0 || updatedAtMs === undefined) return;
    const stop = new AbortController();
    api.latestDeployment(device, stop.signal).then(setHistory, (error: unknown) => {
      // The live stream tells the state meanwhile; the next change, and the next opening, read again.
      if (!stop.signal.aborted && !(error instanceof ApiError)) throw error;
    });
    return () => stop.abort();
  }, [api, device, opened, updatedAtMs]);

  return history?.id === id ? history : undefined;
}
