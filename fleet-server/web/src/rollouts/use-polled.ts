import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';

export interface Polled<T> {
  /** The newest answer; undefined until the first. */
  readonly value: T | undefined;
  /** Of the newest request, if it failed. */
  readonly error: ApiError | undefined;
  /** Does not wait until it is time to ask again. */
  readonly refresh: () => void;
}

/**
 * Asks for something again and again while the page is seen, and anew whenever the live stream opens. `load` has to stay
 * the same function; it is told the answer before.
 */
export function usePolled<T>(
  load: (signal: AbortSignal, before: T | undefined) => Promise<T>,
  everyMs: number,
): Polled<T> {
  const { opened } = useFleet();
  const pause = useRef<Pause>(undefined);
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<ApiError>();

  useEffect(() => {
    if (opened === 0) return;
    const stop = new AbortController();
    const between = createPause(everyMs);
    pause.current = between;
    const ask = async (before: T | undefined): Promise<T | undefined> => {
      const answer = await load(stop.signal, before);
      setValue(answer);
      setError(undefined);
      return answer;
    };
    const complain = (failure: unknown): void => {
      if (stop.signal.aborted) return;
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    };
    const run = async (): Promise<void> => {
      for (let newest: T | undefined; !stop.signal.aborted; await between.rest()) {
        if (document.hidden && newest !== undefined) continue;
        newest = (await ask(newest).catch(complain)) ?? newest;
      }
    };
    void run();
    return () => {
      stop.abort();
      between.end();
    };
  }, [load, everyMs, opened]);

  return { value, error, refresh: () => pause.current?.end() };
}

interface Pause {
  /** Resolves after the time, or when it is ended. */
  rest(): Promise<void>;
  end(): void;
}

function createPause(ms: number): Pause {
  let end = (): void => undefined;
  return {
    rest: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => end(),
  };
}
