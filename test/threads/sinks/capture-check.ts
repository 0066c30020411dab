// Cold. Runs on: CPU n.
// Adds every packet's bytes to what is known of its RSS bucket.

import type { Sink } from '../../../src/index.js';
import { Buckets } from '../buckets.js';
import { Packet } from '../checksum.js';

export default function captureCheck({ data }: { readonly data: unknown }): Sink {
  const buckets = new Buckets(data as Int32Array);
  const packet = new Packet();
  return (burst) => {
    for (let index = 0; index < burst.count; index += 1) {
      buckets.add(burst.hash(index), packet.checksum(burst.copy(index, packet.bytes)));
    }
  };
}
