// Cold. Runs on: main. Captures that tests make.

export interface CaptureFormat {
  readonly byteOrder: 'little' | 'big';
  readonly resolution: 'us' | 'ns';
  readonly snaplen: number;
  readonly linkType: number;
  readonly minor: number;
}

export interface Packet {
  readonly seconds: number;
  /** In the capture's resolution. */
  readonly fraction: number;
  readonly bytes: Uint8Array;
  /** Bytes on the wire; those that are stored if it is not sliced. */
  readonly wireLength?: number;
}

export const PLAIN: CaptureFormat = { byteOrder: 'little', resolution: 'us', snaplen: 262_144, linkType: 1, minor: 4 };

export function captureOf(packets: readonly Packet[], format: Partial<CaptureFormat> = {}): Buffer {
  const { byteOrder, resolution, snaplen, linkType, minor } = { ...PLAIN, ...format };
  const words = wordsIn(byteOrder);
  const magic = words(resolution === 'us' ? 0xa1b2c3d4 : 0xa1b23c4d);
  const version = byteOrder === 'little' ? [2, 0, minor, 0] : [0, 2, 0, minor];
  const header = Buffer.concat([magic, Buffer.from(version), words(0, 0, snaplen, linkType)]);
  const stored = packets.map(({ seconds, fraction, bytes, wireLength = bytes.length }) =>
    Buffer.concat([words(seconds, fraction, bytes.length, wireLength), bytes]),
  );
  return Buffer.concat([header, ...stored]);
}

function wordsIn(byteOrder: 'little' | 'big'): (...values: number[]) => Buffer {
  return (...values) => {
    const buffer = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => {
      if (byteOrder === 'little') buffer.writeUInt32LE(value, i * 4);
      else buffer.writeUInt32BE(value, i * 4);
    });
    return buffer;
  };
}
