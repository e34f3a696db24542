import type { Stream } from '@watchpost/shared/messages/durable.ts';

export function perStream<T>(make: (stream: Stream) => T): Record<Stream, T> {
  return { event: make('event'), deployment: make('deployment'), telemetry: make('telemetry') };
}
