// Cold. Runs on: NIC, main, for captures that are compressed.
// gzip by Node's zlib, synchronously: a NIC never returns to the event loop, where zlib's own streams live.

import { Gunzip } from 'minizlib';
import type { Inflater } from '../capture/gzip-bytes.js';

export function gunzipInflater(): Inflater {
  const gunzip = new Gunzip({});
  let inflated: Buffer[] = [];
  let error: Error | null = null;
  gunzip.on('data', (chunk) => inflated.push(chunk as unknown as Buffer));
  gunzip.on('error', (fault: unknown) => {
    error ??= fault as Error;
  });
  const take = (): readonly Uint8Array[] => {
    if (error !== null) throw error;
    const ready = inflated;
    inflated = [];
    return ready;
  };
  return {
    write: (piece) => {
      gunzip.write(Buffer.from(piece));
      return take();
    },
    end: () => {
      gunzip.end();
      return take();
    },
  };
}
