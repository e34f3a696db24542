/**
 * Follows the framing of an MQTT byte stream and finds packets announced longer than a limit, before they are
 * collected in memory. MQTT 3.1.1, 2.2: one byte of type and flags, then the remaining length in up to four bytes of
 * seven bits, least first; the high bit says that another byte follows.
 */
export interface PacketSizeMeter {
  /** @returns false once a packet is too long: nothing that follows can be trusted */
  accept(chunk: Uint8Array): boolean;
}

export function createPacketSizeMeter(maxBytes: number): PacketSizeMeter {
  /** Bytes of the current packet still to come after its header. */
  let bodyBytes = 0;
  /** Bytes of the header read so far; 0 between packets. */
  let headerBytes = 0;
  let length = 0;
  const acceptHeaderByte = (byte: number): boolean => {
    if (headerBytes > 0) length += (byte & 0x7f) * 128 ** (headerBytes - 1);
    const isComplete = headerBytes > 0 && (byte & 0x80) === 0;
    headerBytes += 1;
    if (length > maxBytes || headerBytes > 5) return false;
    if (isComplete) {
      bodyBytes = length;
      length = 0;
      headerBytes = 0;
    }
    return true;
  };
  return {
    accept: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const skipped = Math.min(bodyBytes, chunk.length - at);
        bodyBytes -= skipped;
        at += skipped;
        const byte = chunk[at];
        if (byte === undefined) return true;
        if (!acceptHeaderByte(byte)) return false;
        at += 1;
      }
      return true;
    },
  };
}
